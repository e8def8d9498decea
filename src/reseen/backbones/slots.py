"""Slots for attention in a backbone: after a stage, or in a bottleneck in place of its 3 x 3 convolution.

A slot is named ``stage1`` (after the first stage), ``inside_stage1`` (in each of its bottlenecks), ``every_stage`` or
``inside_every_stage``; where two name the same place, the one with the number counts. Stages are what timm calls
feature levels, the stem not counted: four in a ResNet or ConvNeXt, five in an EfficientNet.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from torch import Tensor, nn

from reseen.backbones.backbone import features_of
from reseen.backbones.probe import pass_empty_image
from reseen.errors import ReseenError, unknown
from reseen.types import FeatureMap

AttentionFactory: TypeAlias = Callable[[FeatureMap], nn.Module]

INSIDE = "inside_"
EVERY = "every_stage"
SLOTS = tuple(f"{prefix}{stage}" for prefix in ("", INSIDE) for stage in (EVERY, *(f"stage{i}" for i in range(1, 6))))
"""The slots of all backbones whose stages give maps."""


def put_attention(
    body: nn.Module, attention: Mapping[str, AttentionFactory], *, image_size: tuple[int, int]
) -> tuple[str, ...]:
    """Build attention into a network, in place: slot -> factory. Returns the paths of its modules, in order.

    After a stage the module is its last part, named ``attention``; inside a bottleneck it takes the name ``conv2``,
    followed by an average pool where the convolution had a stride (Srinivas et al., 2021). The network's other
    parameters keep their names.

    Raises ReseenError for a slot that the network does not have and for a map that the attention cannot take.
    """
    places = _places(body, attention)
    maps = _maps(body, list(places), image_size)
    for path, slot in places.items():
        try:
            module = attention[slot](maps[path])
        except ReseenError as error:
            raise ReseenError(f"attention.{slot}: {error}") from None
        _put(body, path, module.to(next(body.parameters()).device))
    return tuple(places)


def _places(body: nn.Module, attention: Mapping[str, AttentionFactory]) -> dict[str, str]:
    """Path of each place -> the slot that fills it, in the network's order."""
    stages = stage_paths(body)
    if not stages:
        raise ReseenError(f"attention: {type(body).__name__} has no stages of (B, C, H, W) maps to put it in")
    known = [prefix + name for prefix in ("", INSIDE) for name in (EVERY, *stages)]
    for name in attention:
        if name not in known:
            raise ReseenError(f"attention: {unknown('stage', name, known)}")
    places: dict[str, str] = {}
    for stage, path in stages.items():
        inside, after = (_filled(prefix, stage, attention) for prefix in (INSIDE, ""))
        if inside is not None:
            places |= dict.fromkeys(_convolutions(body, path, inside), inside)
        if after is not None:
            places[f"{path}.attention"] = after
    return places


def _filled(prefix: str, stage: str, attention: Mapping[str, AttentionFactory]) -> str | None:
    return next((slot for slot in (prefix + stage, prefix + EVERY) if slot in attention), None)


def stage_paths(body: nn.Module) -> dict[str, str]:
    """stage1, ... -> the path of its sequence of blocks; empty for a network without stages of (B, C, H, W) maps."""
    paths: list[str] = [entry["module"] for entry in getattr(body, "feature_info", ())]
    sequences = []
    if getattr(body, "output_fmt", None) != "NHWC":
        for path in paths:
            stage = body.get_submodule(path)
            if isinstance(stage, nn.Sequential):
                sequences.append(path)
            elif isinstance(getattr(stage, "blocks", None), nn.Sequential):
                sequences.append(f"{path}.blocks")
    return {f"stage{number}": path for number, path in enumerate(sequences, start=1)}


def _convolutions(body: nn.Module, stage: str, slot: str) -> list[str]:
    """The 3 x 3 convolutions of a ResNet stage's bottlenecks."""
    paths = []
    for name, block in body.get_submodule(stage).named_children():
        conv = getattr(block, "conv2", None)
        if not (isinstance(conv, nn.Conv2d) and conv.kernel_size == (3, 3) and hasattr(block, "conv3")):
            raise ReseenError(f"attention.{slot}: {type(block).__name__} is no bottleneck around a 3 x 3 convolution")
        if conv.in_channels != conv.out_channels:
            raise ReseenError(
                f"attention.{slot}: the 3 x 3 convolution changes {conv.in_channels} channels to "
                f"{conv.out_channels}, attention keeps them"
            )
        paths.append(f"{stage}.{name}.conv2")
    return paths


def _maps(body: Any, paths: list[str], image_size: tuple[int, int]) -> dict[str, FeatureMap]:
    """The map that enters each place for images of ``image_size``, learnt from an empty one."""
    maps: dict[str, FeatureMap] = {}

    def note(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor, *, path: str) -> None:
        met = inputs[0] if path.endswith(".conv2") else output
        maps[path] = FeatureMap(*met.shape[1:])

    hooks = [
        body.get_submodule(path.removesuffix(".attention")).register_forward_hook(partial(note, path=path))
        for path in paths
    ]
    try:
        pass_empty_image(body, features_of(body), image_size=image_size)
    finally:
        for hook in hooks:
            hook.remove()
    return maps


def _put(body: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    owner = body.get_submodule(parent)
    replaced = getattr(owner, name, None)
    if isinstance(replaced, nn.Conv2d) and max(replaced.stride) > 1:
        module = nn.Sequential(module, nn.AvgPool2d(max(replaced.stride), ceil_mode=True))
    owner.add_module(name, module)
