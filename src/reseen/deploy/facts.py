"""The facts about a network that users of it need: written into every export, and the same in each."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Literal, NamedTuple, Self, TypeAlias

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
"""(B, H, W, 3) RGB of the network's input size -> (B, D) of length 1; on PyTorch also cameras and views by name."""

_DIGITS = 16
_CLASSIFIER = re.compile(r"classifiers?\.")
_START_KEYS = frozenset({"name", "weights", "carried_from", "pretrained_size", "expect_missing", "expect_unexpected"})
_Pixels = Annotated[int, Field(ge=1, le=4096)]


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class Facts:
    """The facts about a network.

    Attributes:
        fingerprint: 16 hexadecimal digits of weights and preprocessing; do not compare vectors of different ones.
        width: D, the width of the vectors.
        image_size: (height, width) in pixels that images are resized to.
        threshold: Cosine from which two images show the same individual, if calibrated.
        note: What users should know.
        search: The threshold of a search, if calibrated.
        flip: A vector is the mean of the image's and its mirror image's.
        decode: "scaled" if large JPEG files are decoded at 1/2, 1/4 or 1/8 of their size.
    """

    fingerprint: str
    width: Annotated[int, Field(ge=1)]
    image_size: tuple[_Pixels, _Pixels]
    threshold: Annotated[float, Field(ge=-1, le=1)] | None = None
    note: str = ""
    search: SearchThreshold | None = None
    flip: bool = False
    decode: Literal["full", "scaled"] = "full"

    def as_json(self) -> str:
        """The facts as one line of JSON."""
        facts = asdict(self)
        if self.search is not None:
            facts["search"] = self.search.as_dict()
        if self.decode == "full":
            del facts["decode"]  # as it was before there was a choice
        return json.dumps(with_format("facts", facts))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The facts that ``as_json`` wrote. Raises ReseenError for other text."""
        try:
            values = migrated("facts", from_json(text), name="its facts")
            return TypeAdapter(cls).validate_json(json.dumps(values), strict=True)
        except (ValueError, TypeError):
            raise ReseenError(f"expected the facts that reseen writes about a network, got {text[:60]!r}") from None


class LoadedNetwork(NamedTuple):
    """A ``network`` ready to run, its ``facts``, and the ``source`` it was loaded from."""

    network: Network
    facts: Facts
    source: str


def fingerprint(tensors: Mapping[str, Tensor], *, model: Mapping[str, object], preprocessing: object) -> str:
    """SHA-256 of weights, architecture and preprocessing: the same wherever and however they are stored.

    ``model``: the recipe's section in the weights file's card. The start weights do not count, nor does a classifier,
    which has no part in a vector.
    """
    settings = {key: value for key, value in model.items() if key not in _START_KEYS}
    digest = hashlib.sha256(json.dumps([settings, preprocessing], sort_keys=True).encode())
    for name in sorted(name for name in tensors if not _CLASSIFIER.search(name)):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:_DIGITS]
