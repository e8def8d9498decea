"""What FastReID's checkpoints have in common: ResNets by their keys, the pixels' normalisation, and the classifier.

`resnet_settings` tells the network; the rest renames tensors. Every name is accounted for by `Renaming`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from reseen.errors import ReseenError

Rules = Sequence[tuple[str, str]]
"""Pairs of a pattern of their names and the name of ours, tried in order."""

DEPTHS = {
    ("basic", (2, 2, 2, 2)): "resnet18",
    ("basic", (3, 4, 6, 3)): "resnet34",
    ("bottleneck", (3, 4, 6, 3)): "resnet50",
    ("bottleneck", (3, 4, 23, 3)): "resnet101",
    ("bottleneck", (3, 8, 36, 3)): "resnet152",
}
"""The kind of the blocks, and their number in each stage -> the network."""
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""FastReID's defaults, (123.675, 116.28, 103.53) and (58.395, 57.12, 57.375) of 255: for files that say none."""
PIXELS = ("pixel_mean", "pixel_std")
VEHICLES = {575, 576, 13164, 30671}
"""Training identities of VeRi-776 (counted or numbered), VehicleID and VERI-Wild, whose images are square."""


class Stages(NamedTuple):
    """A ResNet's stages: the ``blocks`` of each, whether they are bottlenecks, and whether they have IBN-a."""

    blocks: tuple[int, ...]
    bottlenecks: bool
    ibn: bool

    @property
    def name(self) -> str:
        """The network of such stages. Raises ReseenError for one that FastReID's ResNets have not."""
        kind = "bottleneck" if self.bottlenecks else "basic"
        key = (kind, self.blocks)
        if key not in DEPTHS:
            known = ", ".join(DEPTHS.values())
            raise ReseenError(f"no ResNet has stages of {self.blocks} {kind} blocks: expected those of {known}")
        return DEPTHS[key]

    @property
    def settings(self) -> dict[str, Any]:
        """The backbone's settings in a recipe's [model]; start weights are none, as the file holds them all."""
        ibn = "a" if self.ibn else None
        return {"backbone": self.name, "ibn": ibn, "weights": "none", "expect_unexpected": []}


def stages_of(tensors: Mapping[str, Tensor], stages: Sequence[str]) -> Stages:
    """The stages by the prefixes of their names: ("backbone.layer1.", ...)."""
    counts = tuple(_numbered(tensors, prefix) for prefix in stages)
    first = f"{stages[0]}0."
    return Stages(counts, bottlenecks=f"{first}conv3.weight" in tensors, ibn=f"{first}bn1.IN.weight" in tensors)


def _numbered(tensors: Mapping[str, Tensor], prefix: str) -> int:
    """How many numbers follow the prefix in the names."""
    return len({name.removeprefix(prefix).split(".")[0] for name in tensors if name.startswith(prefix)})


def non_local_counts(tensors: Mapping[str, Tensor]) -> tuple[int, int] | None:
    """How many non-local blocks stages 2 and 3 have; None where neither has one."""
    counts = (_numbered(tensors, "backbone.NL_2."), _numbered(tensors, "backbone.NL_3."))
    return counts if any(counts) else None


def normalisation(tensors: Mapping[str, Tensor]) -> dict[str, list[float]]:
    """[data] mean and std: the file's, which are of pixels from 0 to 255, else FastReID's defaults."""
    values = [
        [round(value / 255, 6) for value in tensors[name].flatten().tolist()] if name in tensors else list(default)
        for name, default in zip(PIXELS, (MEAN, STD), strict=True)
    ]
    return dict(zip(("mean", "std"), values, strict=True))


def renamed(tensors: Mapping[str, Tensor], rules: Rules, *, release: str) -> dict[str, Tensor]:
    """The tensors by our names, each by the first rule that matches its whole name; convolutions of vectors are linear.

    Counters of batches that lack start at 0. Raises ReseenError for names that no rule matches.
    """
    patterns = [(re.compile(theirs), ours) for theirs, ours in rules]
    ours: dict[str, Tensor] = {}
    strange = []
    for name, tensor in tensors.items():
        found = next((pattern.sub(new, name) for pattern, new in patterns if pattern.fullmatch(name)), None)
        if found is None:
            strange += [] if name in PIXELS else [name]
        else:
            ours[found] = tensor
    if strange:
        more = f", and {len(strange) - 3} more" if len(strange) > 3 else ""
        raise ReseenError(f"no {release} checkpoint: {len(strange)} unknown to it ({', '.join(strange[:3])}{more})")
    norms = [name.removesuffix("running_mean") for name in ours if name.endswith(".running_mean")]
    return {**{f"{norm}num_batches_tracked": torch.tensor(0) for norm in norms}, **ours}


def as_linear(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights (D, C, 1, 1) of convolutions of single positions -> (D, C)."""
    return {name: tensor.flatten(1) if tensor.ndim == 4 else tensor for name, tensor in tensors.items()}


def known_identities(ours: Mapping[str, Tensor], classifier: str, *, with_head: bool) -> int | None:
    """How many identities the classifier of that name knows; None without head. Raises ReseenError where it lacks."""
    if not with_head:
        return None
    if classifier not in ours:
        raise ReseenError("the checkpoint has no classifier: import it without the head")
    return len(ours[classifier])
