"""A backbone whose body may learn cameras and views: it says so only where the body has a place for them."""

from typing import Any

from torch import nn

from reseen.backbones.backbone import Backbone, SideInformation


class SideBackbone(Backbone):
    """A `Backbone` over a body with ``side``, the part that learns cameras and views, or None for one without."""

    def __init__(self, body: nn.Module, *, side_information: SideInformation | None = None, **beside: Any) -> None:
        learned = side_information if body.side is not None else None
        super().__init__(body, side_information=learned, **beside)
