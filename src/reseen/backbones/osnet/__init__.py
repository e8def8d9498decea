"""The family of OSNets: light networks for re-identification; plain, with instance norm (IBN, AIN), for vehicles."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Self

from torch import Tensor, nn

from reseen.backbones.backbone import Backbone
from reseen.backbones.family import Family
from reseen.backbones.osnet.blocks import OmniScaleBlock
from reseen.backbones.osnet.names import described, is_osnet, our_name, renamed
from reseen.backbones.osnet.network import NAMES, WIDTHS, OSNet
from reseen.bounds import Count

__all__ = [
    "NAMES",
    "OSNET",
    "WIDTHS",
    "OSNetBackbone",
    "OmniScaleBlock",
    "described",
    "is_osnet",
    "our_name",
    "renamed",
]

SLOTS = ("every_stage", "stage1", "stage2", "stage3")


class OSNetBackbone(Backbone):
    """An OSNet, which begins from the ImageNet weights that its authors publish as well."""

    def start_tensors(self, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Those of the authors' file by our names, without its head; others unchanged."""
        return renamed(tensors) if is_osnet(tensors) else tensors

    def split_for_branches(self) -> tuple[Self, nn.Module]:
        """The network to the first block of its second stage, and all above it; the body is taken apart."""
        body: Any = self.body
        stage2, trunk_of_stage2 = body.stage2, nn.Sequential(OrderedDict(block1=body.stage2.block1))
        rest = OrderedDict((name, part) for name, part in stage2.named_children() if name != "block1")
        upper = nn.Sequential(OrderedDict(stage2=nn.Sequential(rest), stage3=body.stage3, last=body.last))
        body.stage2, body.stage3, body.last = trunk_of_stage2, nn.Identity(), nn.Identity()
        slots = tuple(slot for slot in self.slots if slot.startswith("stage1."))
        return type(self)(body, image_size=self.image_size, slots=slots), upper


def osnet(*, name: str, input_norm: bool = False, attention_reduction: Count | None = None) -> nn.Module:
    """The OSNet ``name``.

    ``input_norm`` normalises each image by itself first; ``attention_reduction`` gives the first two stages the
    spatial attention of the vehicle networks, with so many times fewer channels in its middle.
    """
    return OSNet(name, input_norm=input_norm, attention_reduction=attention_reduction)


OSNET = Family("OSNet", build=osnet, owns=NAMES.__contains__, backbone=OSNetBackbone, slots=SLOTS)
