"""Explains why two images match: maps of their similarity, drawn over both."""

from copy import deepcopy
from threading import Lock
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from reseen.data.opening import ImageError
from reseen.deploy.facts import Network
from reseen.deploy.network import EmbeddingNetwork, OnTorch
from reseen.draw.overlay import overlay
from reseen.errors import ReseenError
from reseen.explain.maps import checked_stage, similarity_maps, summed
from reseen.retrieval.embedder import Embedder

_LARGEST_SIDE = 640
GRADIENTS = "hires_cam"
OCCLUSION = "occlusion"

EXPORTS_CANNOT = "explanations need the network's gradients: serve the run itself, not an export of it"


class ExplainedMatch(NamedTuple):
    """The ``similarity`` of two images, and each image plain and under its map."""

    similarity: float
    query: Image.Image
    query_map: Image.Image
    match: Image.Image
    match_map: Image.Image


class MatchExplainer:
    """Explains similarities of ``embedder``, whose ``network`` must run on PyTorch; one pair at a time.

    ``reason``: "" if it can, else the reason why it cannot, in one line.
    """

    def __init__(self, embedder: Embedder, network: Network | None) -> None:
        self._embedder = embedder
        self._lock = Lock()
        self._network: EmbeddingNetwork | None = None
        if not isinstance(network, OnTorch):
            self.reason = EXPORTS_CANNOT
        else:
            self.reason = ""
            # A copy, because maps hook into the network while it embeds other batches.
            self._network = deepcopy(network.network)

    def __call__(self, query: Image.Image, match: Image.Image) -> ExplainedMatch:
        """Explain two upright RGB images. Raises ReseenError with ``reason`` if it cannot."""
        if self._network is None:
            raise ReseenError(self.reason)
        with self._lock:
            pair = _pair_maps(self._network, self._input(query), self._input(match))
        small = [_shrunk(image) for image in (query, match)]
        over = [overlay(image, values) for image, values in zip(small, pair.maps, strict=True)]
        return ExplainedMatch(pair.similarity, small[0], over[0], small[1], over[1])

    def _input(self, image: Image.Image) -> torch.Tensor:
        """The model's input, (1, 3, H, W)."""
        prepared = self._embedder.prepare(image)
        if isinstance(prepared, ImageError):
            raise prepared
        assert self._network is not None
        return self._network.normalised(torch.from_numpy(prepared).to(self._network.scale.device)[None])


class _PairMaps(NamedTuple):
    """``maps``: (h, w) of either image."""

    similarity: float
    maps: tuple[NDArray[np.floating], NDArray[np.floating]]


def _pair_maps(network: EmbeddingNetwork, query: torch.Tensor, match: torch.Tensor) -> _PairMaps:
    model = network.as_shown
    pair = similarity_maps(model, query, match, method=_method(model))
    of_query, of_match = (summed(side)[0].detach().cpu().numpy() for side in (pair.query, pair.match))
    return _PairMaps(float(pair.similarity[0]), (of_query, of_match))


def _method(model: nn.Module) -> str:
    """By gradients where the vector comes of a map; occlusion explains any network."""
    try:
        checked_stage(model, GRADIENTS, None)
    except ReseenError:
        return OCCLUSION
    return GRADIENTS


def _shrunk(image: Image.Image) -> Image.Image:
    small = image.copy()
    small.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE), Image.Resampling.LANCZOS)
    return small
