"""The family of OSNets: light networks for re-identification, plain, with instance norm (IBN, AIN), and for vehicles."""

from collections.abc import Mapping

from torch import Tensor, nn

from reseen.backbones.backbone import Backbone
from reseen.backbones.family import Family
from reseen.backbones.osnet.names import described, is_osnet, our_name, renamed
from reseen.backbones.osnet.network import NAMES, OSNet
from reseen.bounds import Count

__all__ = ["NAMES", "OSNET", "OSNetBackbone", "described", "is_osnet", "our_name", "renamed"]

SLOTS = ("every_stage", "stage1", "stage2", "stage3")


class OSNetBackbone(Backbone):
    """An OSNet, which begins from the ImageNet weights that its authors publish as well."""

    def start_tensors(self, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Those of the authors' file by our names, without its head; others unchanged."""
        return renamed(tensors) if is_osnet(tensors) else tensors


def osnet(*, name: str, input_norm: bool = False, attention_width: Count | None = None) -> nn.Module:
    """The OSNet ``name``.

    ``input_norm`` normalises each image by itself first; ``attention_width`` gives the first two stages the spatial
    attention of the vehicle networks, with so many channels in its middle.
    """
    return OSNet(name, input_norm=input_norm, attention_width=attention_width)


OSNET = Family("OSNet", build=osnet, owns=NAMES.__contains__, backbone=OSNetBackbone, slots=SLOTS)
