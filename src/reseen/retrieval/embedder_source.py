"""Where another process loads the same embedder from."""

from pathlib import Path
from platform import node
from typing import NamedTuple, Self

import torch

from reseen.data.opening import ImageLimits
from reseen.errors import ReseenError
from reseen.retrieval.embedder import Decoding, Embedder


class EmbedderSource(NamedTuple):
    """The source of an embedder and its settings, which another process or machine loads it by."""

    source: str
    fingerprint: str
    device: str
    decode: Decoding
    limits: ImageLimits | None

    @classmethod
    def of(cls, embedder: Embedder, *, device: str) -> Self:
        """The source of an embedder, to be loaded on PyTorch's device of this name."""
        path = Path(embedder.source)
        source = str(path.absolute()) if path.exists() else embedder.source
        return cls(source, embedder.fingerprint, device, embedder.decode, embedder.limits)

    def load(self) -> Embedder:
        """The embedder, in one thread from now on. ReseenError where the source is absent, or another network."""
        torch.set_num_threads(1)  # by default there is one process for each core
        embedder = Embedder.from_pretrained(self.source, device=self.device, limits=self.limits, decode=self.decode)
        if embedder.fingerprint != self.fingerprint:
            raise ReseenError(
                f"{self.source}: expected network {self.fingerprint}, got {embedder.fingerprint} on {node()}; every "
                "machine of the cluster needs the same file there"
            )
        return embedder
