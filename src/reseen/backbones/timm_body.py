"""A timm network by name: its body without the classifier, and the normalisation that its weights expect."""

from collections.abc import Callable, Sequence
from pickle import UnpicklingError
from typing import Any

import timm
from torch import nn

from reseen.backbones.probe import CANNOT_RUN
from reseen.bounds import Triple
from reseen.errors import ReseenError
from reseen.hub_errors import hub_errors, reason_of


def timm_body(
    name: str, *, image_size: tuple[int, int], output_stride: int | None = None, pretrained: bool = False
) -> nn.Module:
    """The timm network without its classifier, built for ``image_size`` where it is bound to one.

    Raises ReseenError for a size it cannot take, and weights that cannot be fetched.
    """
    dilated: dict[str, Any] = {} if output_stride is None else {"output_stride": output_stride}
    try:
        try:
            return timm.create_model(name, pretrained=pretrained, num_classes=0, img_size=image_size, **dilated)
        except TypeError:  # a convolutional network takes any size and knows no img_size
            return timm.create_model(name, pretrained=pretrained, num_classes=0, **dilated)
    except _fetching_errors() as error:
        raise ReseenError(
            f"cannot fetch the weights of '{name}': {reason_of(error)}; "
            "connect once, or name a weights file, or train from scratch"
        ) from error
    except CANNOT_RUN as error:
        raise ReseenError(
            f"timm cannot build '{name}' for {image_size[0]} x {image_size[1]}: {_first_line(error)}"
        ) from error


def pretrained_body(name: str) -> nn.Module:
    """The timm network without its classifier, with its weights and for the images that they were trained on.

    ``name``: One of timm's, with or without a tag, ``hf-hub:OWNER/NAME`` or ``local-dir:FOLDER``.

    Raises ReseenError for a name or weights that there are not, and weights that cannot be fetched.
    """
    try:
        return timm.create_model(name, pretrained=True, num_classes=0)
    except _fetching_errors() as error:
        raise ReseenError(f"cannot fetch '{name}' for timm: {reason_of(error)}") from error
    except (*CANNOT_RUN, KeyError, UnpicklingError) as error:
        raise ReseenError(f"timm cannot build '{name}' with its weights: {_first_line(error)}") from error


def _fetching_errors() -> tuple[type[Exception], ...]:
    """What a download raises, less what timm raises itself."""
    return tuple(kind for kind in hub_errors() if kind is not ValueError)


def is_timm(name: str) -> bool:
    """Whether timm knows the name, with or without a tag."""
    return ":" not in name and timm.is_model(name)


def defined_in(*modules: str) -> Callable[[str], bool]:
    """Whether timm defines a name in one of its modules."""
    return lambda name: is_timm(name) and timm.models.is_model_in_modules(name, modules)


def timm_normalisation(name: str, source: str) -> tuple[Triple, Triple] | None:
    """The mean and std of the weights of the name's tag; None for weights that are not timm's."""
    config = timm.get_pretrained_cfg(name) if source == "timm" else None
    return None if config is None else (_triple(config.mean), _triple(config.std))


def _triple(values: Sequence[float]) -> Triple:
    red, green, blue = values
    return red, green, blue


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
