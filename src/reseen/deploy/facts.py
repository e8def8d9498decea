"""What must be known of a network beside itself: written into every export, and the same in each."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, NamedTuple, Self, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, with_config
from pydantic_core import from_json
from torch import Tensor

from reseen.deploy.search_threshold import SearchThreshold
from reseen.errors import ReseenError
from reseen.formats import migrated, with_format

Network: TypeAlias = Callable[..., NDArray[np.float32]]
"""(B, H, W, 3) RGB of the network's own size -> (B, D) of length 1; on PyTorch also cameras and views by name."""

_DIGITS = 16
_OF_THE_START = frozenset({"name", "weights", "carried_from", "pretrained_size", "expect_missing", "expect_unexpected"})
_Pixels = Annotated[int, Field(ge=1, le=4096)]


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class Facts:
    """``image_size`` (height, width) that pictures are resized to.

    ``threshold`` on the cosine of two pictures and ``search``, that of a search, if calibrated. ``flip``: a vector is
    the mean of a picture's and its mirror image's. ``fingerprint``: 16 hexadecimal digits of weights and preprocessing;
    vectors of two fingerprints are not to be compared. ``note``: what a user should be told.
    """

    fingerprint: str
    width: Annotated[int, Field(ge=1)]
    image_size: tuple[_Pixels, _Pixels]
    threshold: Annotated[float, Field(ge=-1, le=1)] | None = None
    note: str = ""
    search: SearchThreshold | None = None
    flip: bool = False

    def as_json(self) -> str:
        """One line."""
        return json.dumps(with_format("facts", asdict(self)))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What ``as_json`` wrote. ReseenError for anything else."""
        try:
            values = migrated("facts", from_json(text), name="its facts")
            return TypeAdapter(cls).validate_json(json.dumps(values), strict=True)
        except (ValueError, TypeError):
            raise ReseenError(f"expected what reseen writes about a network, got {text[:60]!r}") from None


class Loaded(NamedTuple):
    """A network that runs, what is known of it, and where it came from."""

    network: Network
    facts: Facts
    source: str


def fingerprint(tensors: Mapping[str, Tensor], *, model: Mapping[str, object], preprocessing: object) -> str:
    """SHA-256 of weights, architecture and preprocessing: the same wherever and however they are stored.

    ``model``: the recipe's section as the weights file's card has it. Where training began does not count, nor does
    a classifier, which has no part in a vector.
    """
    lines = {key: value for key, value in model.items() if key not in _OF_THE_START}
    digest = hashlib.sha256(json.dumps([lines, preprocessing], sort_keys=True).encode())
    for name in sorted(name for name in tensors if "classifier." not in name):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:_DIGITS]
