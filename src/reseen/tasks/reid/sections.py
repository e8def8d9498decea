"""Sections of a recipe of re-identification, each by itself; `recipe` beside this checks them against each other."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from reseen.bounds import Part
from reseen.data.datasets import LAYOUTS
from reseen.metrics import AVERAGE_PRECISIONS, PROTOCOLS
from reseen.recipe.components import known
from reseen.recipe.section import FIXED_LENGTH, Section, Size
from reseen.recipe.training import ImageSettings, Scoring

MetadataTold = Literal["given", "cameras", "views", "withheld"]
"""What a model that learned cameras and views is told of them in evaluation."""


class Data(ImageSettings):
    """Which images, and how they are read."""

    layout: str = "auto"
    unreadable: Literal["stop", "skip"] = "stop"

    @field_validator("layout")
    @classmethod
    def _known_layout(cls, name: str) -> str:
        return known("layout", name, {"auto": None, **LAYOUTS})


class Sampler(Section):
    """A batch is ``identities`` x ``images`` images (P x K), of all processes together, which share out identities.

    An epoch passes over all images, or draws K of each identity. ``cameras`` "apart": the K images of an
    identity are of as many cameras as they can be.
    """

    identities: Annotated[int, Field(ge=1)]
    images: Annotated[int, Field(ge=1)]
    epoch_is: Literal["pass", "draw"] = "pass"
    cameras: Literal["any", "apart"] = "any"


class Crops(Section):
    """Each training image is seen again, in random crops, by the loss ``self_distillation``.

    One more crop goes through the recipe's transforms, of which ``random_resized_crop`` says how much of the image it
    shows; ``local`` ones go through the same, but show a share of the image from ``area``, at the (height, width)
    ``size``.
    """

    local: Annotated[int, Field(ge=0)] = 4
    size: Size = (112, 112)
    area: Annotated[tuple[Part, Part], FIXED_LENGTH] = (0.1, 0.4)


class Evaluation(Scoring):
    """When and how the model is scored.

    ``metadata``: what a model that learned cameras and views is told of them: both, one kind, or neither. ``flip``: the
    embeddings of an image and of its mirror image are averaged.
    """

    metadata: MetadataTold = "given"
    flip: bool = False
    protocol: str = "auto"
    average_precision: str = "rectangle"

    @field_validator("protocol")
    @classmethod
    def _known_protocol(cls, name: str) -> str:
        return known("protocol", name, {"auto": None, **PROTOCOLS})

    @field_validator("average_precision")
    @classmethod
    def _known_average_precision(cls, name: str) -> str:
        return known("average precision", name, AVERAGE_PRECISIONS)


class Validation(Section):
    """On what the best epoch and the network that is handed over are chosen.

    ``identities``: the share of training identities that is held out for it; 0: query and gallery of the test choose
    the epoch, which is the field's habit. ``choose``: after training the held-out identities choose among the
    untrained network, the trained one and averages of them. ``train_on_all``: then a last training, as long as the
    chosen one, takes in the held-out identities too.
    """

    identities: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    choose: bool = False
    train_on_all: bool = False
