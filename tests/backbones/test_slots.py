"""Attention in backbones: where it lands, what it replaces, what is refused; networks set to another size."""

import pytest
import timm
import torch
from torch import Tensor, nn

from reseen.attention import ATTENTIONS
from reseen.attention.lka import LargeKernelAttention
from reseen.backbones import build_backbone, set_input_size
from reseen.errors import ReseenError
from reseen.types import FeatureMap


class Noted(nn.Module):
    """Keeps maps as they are and knows what it was built for."""

    def __init__(self, feature_map: FeatureMap) -> None:
        super().__init__()
        self.feature_map = feature_map
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, maps: Tensor) -> Tensor:
        assert FeatureMap(*maps.shape[1:]) == self.feature_map
        return maps * self.scale


STAGES = {  # channels, height, width after each stage at 64 x 32, from the networks' own papers
    "resnet50": [(256, 16, 8), (512, 8, 4), (1024, 4, 2), (2048, 2, 1)],
    "tf_efficientnet_lite0": [(16, 32, 16), (24, 16, 8), (40, 8, 4), (112, 4, 2), (320, 2, 1)],
    "convnext_atto": [(40, 16, 8), (80, 8, 4), (160, 4, 2), (320, 2, 1)],
}


@pytest.mark.parametrize("name", STAGES)
def test_attention_sits_after_every_stage_built_for_the_map_there(name: str) -> None:
    backbone = build_backbone(name, image_size=(64, 32), attention={"every_stage": Noted})
    built_for = [tuple(part.feature_map) for part in backbone.modules() if isinstance(part, Noted)]
    assert built_for == STAGES[name]
    plain = timm.create_model(name, num_classes=0)
    own = {key for key in backbone.body.state_dict() if "attention" not in key}
    assert own <= plain.state_dict().keys()
    backbone.eval()(torch.randn(1, 3, 64, 32))


def test_a_numbered_stage_counts_before_every_stage() -> None:
    attention = {"every_stage": ATTENTIONS["se"], "stage2": ATTENTIONS["eca"]}
    body = build_backbone("resnet50", image_size=(64, 32), attention=attention).body
    kinds = [type(body.get_submodule(f"layer{stage}.attention")).__name__ for stage in (1, 2, 3, 4)]
    assert kinds == ["SEModule", "EcaModule", "SEModule", "SEModule"]


def test_a_stage_with_attention_is_the_stage_and_then_the_attention() -> None:
    backbone = build_backbone("resnet50", image_size=(64, 32), attention={"stage3": ATTENTIONS["se"]}).eval()
    plain = timm.create_model("resnet50", num_classes=0).eval()
    plain.load_state_dict({k: v for k, v in backbone.body.state_dict().items() if "attention" not in k})
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        x = plain.maxpool(plain.act1(plain.bn1(plain.conv1(images))))
        x = backbone.body.layer3.attention(plain.layer3(plain.layer2(plain.layer1(x))))
        torch.testing.assert_close(backbone(images), plain.layer4(x))


@pytest.mark.parametrize("last_stride", [1, 2])
def test_attention_inside_a_bottleneck_replaces_the_3x3_and_keeps_the_size(last_stride: int) -> None:
    attention = {"inside_stage4": ATTENTIONS["lka"]}
    backbone = build_backbone("resnet50", image_size=(64, 32), last_stride=last_stride, attention=attention)
    plain = build_backbone("resnet50", image_size=(64, 32), last_stride=last_stride)
    assert backbone.feature_map == plain.feature_map
    assert backbone.slots == ("layer4.0.conv2", "layer4.1.conv2", "layer4.2.conv2")
    assert sum(isinstance(part, LargeKernelAttention) for part in backbone.modules()) == 3
    sizes = [
        c.kernel_size
        for n, c in backbone.body.layer4.named_modules()
        if n.endswith("conv2") and isinstance(c, nn.Conv2d)
    ]
    assert sizes == []


@pytest.mark.parametrize(
    ("name", "slot", "message"),
    [
        ("resnet50", "stage5", "no stage 'stage5'; did you mean 'stage[1-4]'"),
        ("resnet50", "insde_stage2", "did you mean 'inside_stage2'"),
        ("resnet18", "inside_stage1", "BasicBlock is no bottleneck"),
        ("tf_efficientnet_lite0", "inside_stage2", "is no bottleneck"),
        ("vit_tiny_patch16_224", "stage1", "VisionTransformer has no stages"),
        ("swin_tiny_patch4_window7_224", "stage1", "SwinTransformer has no stages"),
    ],
)
def test_a_slot_that_is_not_there_is_refused(name: str, slot: str, message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        build_backbone(name, image_size=(128, 64), attention={slot: ATTENTIONS["lka"]})


def test_a_map_too_small_for_the_attention_names_the_slot() -> None:
    with pytest.raises(ReseenError, match=r"attention.stage4: reduction 8 .* leave no channels"):
        build_backbone("resnet50", image_size=(64, 32), attention={"stage4": ATTENTIONS["rga_s"]})


def test_a_backbone_is_resized_to_other_images() -> None:
    attention = {"stage1": ATTENTIONS["rga_sc"]}
    backbone = build_backbone("resnet18", image_size=(64, 32), attention=attention).eval()
    larger, images = set_input_size(backbone, image_size=(96, 32)), torch.randn(2, 3, 96, 32)
    assert larger(images).shape == (2, 512, 3, 1)
    assert larger.feature_map == (512, 3, 1)
    assert larger.image_size == (96, 32)
    assert not larger.training
    with pytest.raises(ReseenError, match="16 x 8 = 128 positions, got 64 channels of 24 x 8 = 192 positions"):
        backbone(images)
    again = set_input_size(larger, image_size=(64, 32))
    assert again.feature_map == backbone.feature_map


def test_without_attention_another_size_changes_nothing() -> None:
    backbone = build_backbone("resnet18", image_size=(64, 32)).eval()
    images = torch.randn(1, 3, 96, 32)
    assert torch.equal(set_input_size(backbone, image_size=(96, 32))(images), backbone(images))
    with pytest.raises(ReseenError, match="built for images of 64 x 32, got 96 x 32"):
        set_input_size(build_backbone("xcit_nano_12_p16_224", image_size=(64, 32)), image_size=(96, 32))


def test_a_vit_takes_another_size_with_its_positions_resampled() -> None:
    backbone = build_backbone("vit_tiny_patch16_224", image_size=(64, 32)).eval()
    with torch.no_grad():  # a plane over the grid of 4 x 2, after the class token
        rows = torch.linspace(-1.0, 1.0, 4)[:, None].expand(4, 2).reshape(1, 8, 1)
        backbone.body.pos_embed[:, 1:] = rows
    larger = set_input_size(backbone, image_size=(128, 32))
    assert larger.feature_map == (192, 8, 2)
    assert larger(torch.randn(1, 3, 128, 32)).shape == (1, 192, 8, 2)
    positions = larger.body.pos_embed[0, 1:, 0].reshape(8, 2)
    assert torch.all(positions.diff(dim=0) > 0), "it still rises from row to row"
    torch.testing.assert_close(positions[:, 0], positions[:, 1])
    again = set_input_size(backbone, image_size=(64, 32))
    images = torch.randn(1, 3, 64, 32)
    assert torch.equal(again(images), backbone(images))
    assert backbone.image_size == (64, 32), "the original stays as it was"
