"""Backbones of several kinds become maps of the stated shape; wrong names and sizes are one line each."""

import pytest
import timm
import torch
from huggingface_hub import constants

from reseen.backbones import Backbone, build_backbone
from reseen.errors import ReseenError

SHAPES = {  # name, (height, width): channels, height, width of the map by the network's own stride
    ("resnet18", (64, 32)): (512, 2, 1),
    ("resnet50", (64, 32)): (2048, 2, 1),
    ("tf_efficientnet_lite0", (128, 64)): (1280, 4, 2),
    ("mobilenetv3_small_050", (64, 64)): (288, 2, 2),
    ("vit_tiny_patch16_224", (256, 128)): (192, 16, 8),
    ("deit_tiny_distilled_patch16_224", (64, 32)): (192, 4, 2),
    ("swin_tiny_patch4_window7_224", (128, 64)): (768, 4, 2),
    ("convnext_atto", (64, 32)): (320, 2, 1),
    ("levit_128s", (128, 64)): (384, 2, 1),
}


def test_a_backbone_may_be_built_where_gradients_are_off() -> None:
    with torch.no_grad():
        off = build_backbone("resnet18", image_size=(64, 32))
    on = build_backbone("resnet18", image_size=(64, 32))
    assert off.state_dict().keys() == on.state_dict().keys()
    assert all(parameter.requires_grad for parameter in off.parameters())


@pytest.mark.parametrize(("name", "size"), SHAPES)
def test_the_map_has_the_stated_shape(name: str, size: tuple[int, int]) -> None:
    backbone = build_backbone(name, image_size=size).eval()
    with torch.no_grad():
        maps = backbone(torch.randn(2, 3, *size))
    assert tuple(backbone.feature_map) == SHAPES[name, size]
    assert maps.shape == (2, *SHAPES[name, size])


@pytest.mark.parametrize(
    ("name", "norm"),
    [
        ("vit_tiny_patch16_224", True),
        ("swin_tiny_patch4_window7_224", True),
        ("levit_128s", True),
        ("hiera_tiny_224", False),
    ],
)
def test_tokens_become_the_map_that_timm_itself_makes_of_them(name: str, norm: bool) -> None:
    backbone = build_backbone(name, image_size=(128, 64)).eval()
    images = torch.randn(2, 3, 128, 64)
    with torch.no_grad():
        maps = backbone(images)
        (theirs,) = backbone.body.forward_intermediates(  # type: ignore[operator]
            images, indices=1, norm=norm, output_fmt="NCHW", intermediates_only=True
        )
    torch.testing.assert_close(maps, theirs)


@pytest.mark.parametrize("name", ["resnet18", "mobilenetv3_small_050", "vit_tiny_patch16_224", "cait_xxs24_224"])
def test_every_parameter_gets_a_gradient(name: str) -> None:
    backbone = build_backbone(name, image_size=(64, 32))
    backbone(torch.randn(2, 3, 64, 32)).square().sum().backward()
    assert [name for name, parameter in backbone.named_parameters() if parameter.grad is None] == []


def test_probing_leaves_weights_statistics_and_mode_alone() -> None:
    body = timm.create_model("resnet18", num_classes=0)
    before = {name: tensor.clone() for name, tensor in body.state_dict().items()}
    backbone = Backbone(body, image_size=(64, 32))
    assert backbone.training
    assert all(module.training for module in body.modules())
    assert all(parameter.grad is None for parameter in body.parameters())
    assert body.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in body.state_dict().items())


def test_the_input_is_untouched_and_images_do_not_mix_in_evaluation() -> None:
    backbone = build_backbone("resnet18", image_size=(64, 32)).eval()
    images = torch.randn(3, 3, 64, 32)
    before = images.clone()
    with torch.no_grad():
        torch.testing.assert_close(backbone(images)[1:2], backbone(images[1:2]))
    assert torch.equal(images, before)


def test_resnet50_has_the_parameters_of_the_body_alone() -> None:
    backbone = build_backbone("resnet50", image_size=(256, 128), last_stride=1)
    assert sum(parameter.numel() for parameter in backbone.parameters()) == 23_508_032
    assert tuple(backbone.feature_map) == (2048, 16, 8)


def test_a_convolutional_network_takes_other_sizes_and_a_vit_says_which_it_takes() -> None:
    assert build_backbone("resnet18", image_size=(64, 64)).eval()(torch.randn(1, 3, 96, 64)).shape[2:] == (
        3,
        2,
    )
    with pytest.raises(ReseenError, match="built for images of 64 x 32, got 32 x 64"):
        build_backbone("vit_tiny_patch16_224", image_size=(64, 32))(torch.randn(1, 3, 32, 64))


@pytest.mark.parametrize(("name", "near"), [("resnet5O", "resnet50"), ("vit_tiny_patch16", "vit_tiny_patch16_224")])
def test_an_unknown_name_is_answered_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ReseenError, match=f"no backbone '{name}'; nearest timm names: .*{near}"):
        build_backbone(name, image_size=(64, 64))


@pytest.mark.parametrize("name", ["", "hf_hub:somebody/something", "?"])
def test_what_is_no_timm_name_is_refused(name: str) -> None:
    with pytest.raises(ReseenError, match="no backbone"):
        build_backbone(name, image_size=(64, 64))


def test_an_unknown_tag_is_named() -> None:
    with pytest.raises(ReseenError, match=r"Invalid pretrained tag \(nope\) for resnet18"):
        build_backbone("resnet18.nope", image_size=(64, 64))


@pytest.mark.parametrize(
    ("name", "size"),
    [("efficientformer_l1", (64, 32)), ("vit_tiny_patch16_224", (64, 8)), ("inception_v3", (8, 8))],
)
def test_a_size_the_network_cannot_take_is_one_line(name: str, size: tuple[int, int]) -> None:
    with pytest.raises(ReseenError, match=f"{size[0]} x {size[1]}") as caught:
        build_backbone(name, image_size=size)
    assert "\n" not in str(caught.value)


def test_weights_that_cannot_be_fetched_are_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ReseenError, match=r"cannot fetch the weights of 'test_resnet.r160_in1k'") as caught:
        build_backbone("test_resnet.r160_in1k", image_size=(64, 64), pretrained=True)
    assert "\n" not in str(caught.value)


def test_a_name_without_public_weights_says_so() -> None:
    with pytest.raises(ReseenError, match=r"(?i)no pretrained weights"):
        build_backbone("coatnet_0_224", image_size=(224, 224), pretrained=True)
