"""Backbone families: networks that are built alike and share their options."""

import inspect
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from torch import nn

from reseen.backbones.backbone import Backbone
from reseen.backbones.slots import SLOTS
from reseen.bounds import Triple
from reseen.errors import ReseenError

PROVIDED = ("name", "image_size", "pretrained", "camera_names", "view_names")
"""What the program hands to a family's ``build``, where its signature names it; the rest are options."""


class Family(NamedTuple):
    """One line in `reseen.backbones.families.FAMILIES`.

    Attributes:
        label: The family's name in messages.
        build: Makes the body, with keyword-only parameters: those of ``PROVIDED`` that it needs, and its options with
            their types and defaults, which are a recipe's settings. It learns cameras or views if it names them, and
            has weights to fetch if it names ``pretrained``. The body is any module from images to maps; one whose
            ``feature_info`` lists its stages, as timm's do, has slots for attention.
        owns: Whether a backbone of this name is of the family.
        backbone: What the body becomes: `Backbone`, or a subclass that says how the last stage is split off, how
            start weights are named, or how another image size is set.
        slots: Where attention can be put.
        normalisation: From a name and a source of weights (`reseen.models.read_weights`) to the mean and the std that
            they expect, or None where it does not say.
    """

    label: str
    build: Callable[..., nn.Module]
    owns: Callable[[str], bool]
    backbone: type[Backbone] = Backbone
    slots: Collection[str] = SLOTS
    normalisation: Callable[[str, str], tuple[Triple, Triple] | None] | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the family's settings."""
        return tuple(name for name in inspect.signature(self.build).parameters if name not in PROVIDED)

    @property
    def learns_side_information(self) -> bool:
        """Whether its networks learn cameras or views."""
        return bool({"camera_names", "view_names"} & inspect.signature(self.build).parameters.keys())

    def refuse_unknown(self, options: Iterable[str]) -> None:
        """Raise ReseenError for an option that the family has not got."""
        for name in options:
            if name not in self.options:
                raise ReseenError(f"no option '{name}' of a {self.label}; it has {', '.join(self.options) or 'none'}")
