"""Last stride and IBN-a, against torchvision's ResNet and against the definition."""

import pytest
import timm
import torch
from torch import nn
from torchvision.models import resnet50

from reseen.backbones import build_backbone
from reseen.backbones.ibn import InstanceBatchNorm
from reseen.errors import ReseenError

RESNETS = [
    "resnet18",
    "resnet18d",
    "resnet26t",
    "resnet50",
    "seresnet50",
    "resnest14d",
    "resnest50d_4s2x40d",
    "res2net50_26w_4s",
    "skresnet18",
    "resnetaa50",
    "resnetblur18",
]
NOT_RESNETS = {
    "convnext_atto": "a CNN; it has output_stride",
    "vit_tiny_patch16_224": "a ViT; it has none",
    "tf_efficientnet_lite0": "a CNN; it has output_stride",
}


@pytest.mark.parametrize("name", RESNETS)
def test_last_stride_one_doubles_the_map_and_keeps_every_tensor(name: str) -> None:
    plain = timm.create_model(name, num_classes=0)
    opened = build_backbone(name, image_size=(64, 32), last_stride=1)
    assert opened.feature_map[1:] == (4, 2)
    assert {name: tensor.shape for name, tensor in opened.body.state_dict().items()} == {
        name: tensor.shape for name, tensor in plain.state_dict().items()
    }
    plain_dilations, dilations = (
        [conv.dilation for conv in body.modules() if isinstance(conv, nn.Conv2d)] for body in (plain, opened.body)
    )
    assert dilations == plain_dilations


def test_last_stride_one_equals_torchvisions_resnet_with_its_strides_set() -> None:
    ours = build_backbone("resnet50", image_size=(64, 32), last_stride=1).eval()
    theirs = resnet50().eval()
    theirs.layer4[0].conv2.stride = (1, 1)
    theirs.layer4[0].downsample[0].stride = (1, 1)
    theirs.load_state_dict(ours.body.state_dict(), strict=False)
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        x = theirs.maxpool(theirs.relu(theirs.bn1(theirs.conv1(images))))
        expected = theirs.layer4(theirs.layer3(theirs.layer2(theirs.layer1(x))))
        torch.testing.assert_close(ours(images), expected)


def test_last_stride_two_is_what_timm_builds() -> None:
    assert build_backbone("resnet18", image_size=(64, 32), last_stride=2).feature_map[1:] == (2, 1)


@pytest.mark.parametrize("name", NOT_RESNETS)
def test_options_of_resnets_are_refused_elsewhere(name: str) -> None:
    with pytest.raises(ReseenError, match=f"no option 'last_stride' of {NOT_RESNETS[name]}"):
        build_backbone(name, image_size=(64, 64), last_stride=1)
    with pytest.raises(ReseenError, match=f"no option 'ibn' of {NOT_RESNETS[name]}"):
        build_backbone(name, image_size=(64, 64), ibn="a")


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_ibn_sits_in_the_first_norm_of_stages_one_to_three(name: str) -> None:
    body = build_backbone(name, image_size=(64, 64), ibn="a").body
    split = {path for path, module in body.named_modules() if isinstance(module, InstanceBatchNorm)}
    expected = {
        f"layer{stage}.{block}.bn1" for stage in (1, 2, 3) for block in range(len(body.get_submodule(f"layer{stage}")))
    }
    assert split == expected
    assert {"layer1.0.bn1.IN.weight", "layer1.0.bn1.BN.running_var"} <= body.state_dict().keys()
    assert "layer4.0.bn1.weight" in body.state_dict()


def test_ibn_adds_no_parameter() -> None:
    plain, split = (build_backbone("resnet50", image_size=(64, 64), ibn=ibn) for ibn in (None, "a"))
    assert sum(p.numel() for p in plain.parameters()) == sum(p.numel() for p in split.parameters())


def test_instance_batch_norm_normalises_each_half_in_its_own_way() -> None:
    norm = InstanceBatchNorm(7).double()  # 7 // 2 = 3 channels by image, 4 by batch
    maps = torch.randn(4, 7, 5, 3, dtype=torch.float64) * 3 + 2
    first, rest = maps[:, :3], maps[:, 3:]
    by_image = (first - first.mean(dim=(2, 3), keepdim=True)) / (
        first.var(dim=(2, 3), keepdim=True, correction=0) + 1e-5
    ).sqrt()
    by_batch = (rest - rest.mean(dim=(0, 2, 3), keepdim=True)) / (
        rest.var(dim=(0, 2, 3), keepdim=True, correction=0) + 1e-5
    ).sqrt()
    torch.testing.assert_close(norm(maps), torch.cat([by_image, by_batch], dim=1))


def test_ibn_from_timm_weights_is_refused_before_any_download() -> None:
    with pytest.raises(ReseenError, match="no weights for 'resnet50' with IBN-a"):
        build_backbone("resnet50", image_size=(64, 64), ibn="a", pretrained=True)


def test_a_stem_for_small_images_reduces_nothing() -> None:
    plain, small = (build_backbone("resnet18", image_size=(32, 32), stem=stem) for stem in (None, "cifar"))
    assert (plain.feature_map.height, small.feature_map.height) == (1, 4)
    assert small.body.conv1.weight.shape == (64, 3, 3, 3)
    # He et al. (2016): 64 x 3 x 3 x 3 weights where there were 64 x 3 x 7 x 7.
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in (plain, small)]
    assert counts[0] - counts[1] == 64 * 3 * (49 - 9)
    with pytest.raises(ReseenError, match="stem is for ResNets that begin with a 7 x 7 convolution"):
        build_backbone("resnet18d", image_size=(32, 32), stem="cifar")
    with pytest.raises(ReseenError, match="no option 'stem' of a CNN; it has output_stride"):
        build_backbone("tf_efficientnet_lite0", image_size=(32, 32), stem="cifar")
    with pytest.raises(ReseenError, match="timm has no weights for 'resnet18' with a stem for small images"):
        build_backbone("resnet18", image_size=(32, 32), stem="cifar", pretrained=True)
