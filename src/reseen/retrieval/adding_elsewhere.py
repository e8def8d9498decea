"""What another process needs to add to a gallery, and makes its `Adder` of."""

from typing import TYPE_CHECKING, NamedTuple, Self

from reseen.errors import ReseenError
from reseen.retrieval.adding import Adder
from reseen.retrieval.caches import CacheSizes, for_adding
from reseen.retrieval.opening import MEMORY
from reseen.retrieval.store import Store

if TYPE_CHECKING:
    from reseen.retrieval.embedder_source import EmbedderSource

_PATIENCE = 600.0
"""Seconds that a process waits at least for the others, who write a batch each, where a gallery has a writer's lock."""


class AdderElsewhere(NamedTuple):
    """An `Adder` that another process makes: the gallery's address, and the network's source."""

    uri: str
    options: dict[str, str]
    patience: float
    caches: CacheSizes
    network: "EmbedderSource | None"
    skip: bool
    attributes: bool
    threads: int | None

    @classmethod
    def of(cls, adder: Adder, *, device: str) -> Self:
        """An adder like this one, whose embedder is on PyTorch's device of this name.

        Raises ReseenError where the gallery is in this process's memory.
        """
        store, network = adder.store, None
        if store.uri.startswith(MEMORY):
            raise ReseenError(f"{store.uri}: only this process has the gallery: add without a pool, or to a folder")
        if adder.embedder is not None:
            from reseen.retrieval.embedder_source import EmbedderSource  # it loads PyTorch, which vectors do not need

            network = EmbedderSource.of(adder.embedder, device=device)
        uri = store.uri if store.folder is None else str(store.folder.absolute())
        patience = max(store.patience, _PATIENCE)
        threads = 1 if device == "cpu" else None  # there is a process for each core, or for each GPU
        caches = for_adding(store.caches)
        return cls(uri, store.options, patience, caches, network, adder.skip, adder.attributes, threads)

    def make(self) -> Adder:
        """The adder. Raises ReseenError where the gallery or the network is absent or another."""
        store = Store(self.uri, options=self.options, create=None, patience=self.patience, caches=self.caches)
        embedder = None if self.network is None else self.network.load()
        return Adder(store, embedder=embedder, skip=self.skip, attributes=self.attributes, threads=self.threads)
