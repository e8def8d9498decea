"""One gallery being served: the routes' work, done in threads and in batches.

D = width of the vectors.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.data.opening import ImageError, ImageLimits, open_image
from reseen.deploy.facts import Network
from reseen.errors import ReseenError
from reseen.retrieval.discover import Decisions
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.parts import open_part
from reseen.retrieval.record import Box, Matches, Record
from reseen.retrieval.searching import MOST
from reseen.serve.batching import Batcher
from reseen.serve.coalescing import Adder, ConflictError, Query, search_together
from reseen.serve.explanation import ExplainedMatch, MatchExplainer
from reseen.serve.metrics import Metrics
from reseen.serve.middleware.limits import Limits
from reseen.serve.natural_order import in_natural_order
from reseen.serve.responses import GalleryInfo
from reseen.serve.threads import Threads

_MOST_IMAGES = 32
_MOST_QUERIES = 16
_MOST_RECORDS = 64
_MOST_READERS = 8

Result = TypeVar("Result")


class MissingError(ReseenError):
    """The record is not in the gallery, or has no image."""


class Service:
    """Serves ``gallery``, which must have an embedder; the embedder's ``network`` is needed to explain matches."""

    def __init__(
        self, gallery: Gallery, *, limits: Limits, network: Network | None = None, decide: bool = False
    ) -> None:
        if gallery.embedder is None:
            raise ValueError("a gallery is served with an embedder; open it with one")
        self.gallery, self.embedder, self.limits = gallery, gallery.embedder, limits
        self.uri = gallery.info().uri
        self.decisions = gallery.decisions() if decide else None
        self.metrics = Metrics(records=lambda: len(gallery))
        self.explainer = MatchExplainer(self.embedder, network)
        self._image_limits = ImageLimits(pixels=limits.pixels, bytes=limits.bytes)
        self._embed: Batcher[NDArray[np.uint8], NDArray[np.float32]] = Batcher(
            lambda prepared: list(self.embedder.embed_prepared(prepared)),
            most=_MOST_IMAGES,
            watch=self.metrics.embedded,
            coming=lambda: self._decoding,
        )
        self._search: Batcher[Query, Matches] = Batcher(partial(search_together, gallery), most=_MOST_QUERIES)
        self._add: Batcher[Record, str] = Batcher(Adder(gallery), most=_MOST_RECORDS)
        self._decoding = 0
        self._decoders = Threads(max(2, os.cpu_count() or 2))
        self._readers = Threads(_MOST_READERS)
        self._explaining = Threads(1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Inside the block, requests can be answered."""
        self._writing = asyncio.Lock()
        async with self._embed, self._search, self._add, self._decoders, self._readers, self._explaining:
            yield

    async def embed(self, data: bytes, *, box: Box | None = None) -> NDArray[np.float32]:
        """The bytes of an image -> (D,) of length 1. Raises ImageError for other bytes."""
        self._decoding += 1
        try:
            prepared = await self._decoders(partial(self._prepared, data, box))
        finally:
            self._decoding -= 1
        return await self._embed(prepared)

    async def search(self, vector: NDArray[np.float32], options: Mapping[str, Any], *, without: str = "") -> Matches:
        """The records most similar to a vector (D,), except the one whose id is ``without``."""
        k = options["k"]
        if not without or k < 1:
            return await self._search(Query(vector, options))
        matches = await self._search(Query(vector, {**options, "k": min(k + 1, max(k, MOST))}))
        others = [match for match in matches if match.id != without]
        return replace(matches, entries=tuple(others[:k]))

    async def add(self, record: Record) -> str:
        """Add a record with its image and vector, and return its id. Raises ConflictError."""
        return await self._add(record)

    async def forget(self, conditions: Mapping[str, Any]) -> int:
        """`Gallery.forget` with these arguments. Raises ConflictError."""
        async with self._writing:
            return await self._read_or(ConflictError, partial(self.gallery.forget, **conditions))

    async def decide(self, work: Callable[[Decisions], Result]) -> Result:
        """Call ``work``, which decides a proposal, one at a time. Raises ConflictError."""
        async with self._writing:
            return await self.read_decisions(work)

    async def read_decisions(self, work: Callable[[Decisions], Result]) -> Result:
        """Call ``work``, which reads proposals and decisions; it waits for no write. Raises ConflictError."""
        assert self.decisions is not None
        return await self._read_or(ConflictError, partial(work, self.decisions))

    async def vector(self, id: str) -> NDArray[np.float32]:  # noqa: A002 - what records call it
        """The record's vector (D,). Raises MissingError."""
        rows = await self._read_or(MissingError, partial(self.gallery.vectors, [id]))
        return rows.reshape(-1)

    async def thumbnail(self, id: str) -> bytes:  # noqa: A002
        """The record's thumbnail, a JPEG. Raises MissingError."""
        jpeg = await self._read_or(MissingError, partial(self.gallery.thumbnail, id))
        if jpeg is None:
            raise MissingError("this record was added as a vector alone: it has no image")
        return jpeg

    async def explain(self, data: bytes, match: str, *, box: Box | None = None) -> ExplainedMatch:
        """Explain why an image and the record of the id ``match`` match."""
        thumbnail = await self._open_thumbnail(match)
        # Decoded in the same thread, because images that wait for their turn must not wait as pixels.
        return await self._explaining(lambda: self.explainer(self.open(data, box), thumbnail))

    async def explain_record(self, query: str, match: str) -> ExplainedMatch:
        """Explain why two records match."""
        pair = await self._open_thumbnail(query), await self._open_thumbnail(match)
        return await self._explaining(partial(self.explainer, *pair))

    async def read(self, work: Callable[[], Result]) -> Result:
        """Call ``work``, which reads the gallery, in a thread."""
        return await self._readers(work)

    def cameras(self) -> list[str]:
        """The cameras of all records, camera 2 before camera 10."""
        return in_natural_order(self.gallery.cameras())

    def about(self) -> GalleryInfo:
        """The gallery's contents, and what the service accepts."""
        info = self.gallery.info()
        return GalleryInfo.of(
            info,
            name=PurePath(info.uri).name,
            cameras=in_natural_order(info.cameras),
            fields=dict(info.fields),
            judged_by=self.gallery.judged_by,
            note=self.embedder.note,
            explains=self.explainer.reason,
            decides=self.decisions is not None,
            most_bytes=self.limits.bytes,
            most_pixels=self.limits.pixels,
        )

    def open(self, data: bytes, box: Box | None) -> Image.Image:
        """The upright image, or the part of it in the box."""
        return open_part(data, box, limits=self._image_limits, name="the image")

    def _prepared(self, data: bytes, box: Box | None) -> NDArray[np.uint8]:
        image = self.embedder.open(data, box=box, limits=self._image_limits, name="the image")
        prepared = self.embedder.prepare(image)
        if isinstance(prepared, ImageError):
            raise prepared
        return prepared

    async def _read_or(self, kind: type[ReseenError], work: Callable[[], Result]) -> Result:
        """`read`, with what the gallery refuses raised as this kind of error."""
        try:
            return await self.read(work)
        except ReseenError as error:
            raise kind(str(error)) from None

    async def _open_thumbnail(self, id: str) -> Image.Image:  # noqa: A002
        return open_image(await self.thumbnail(id), limits=self._image_limits)
