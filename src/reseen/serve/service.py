"""The gallery and its network behind queues: what the routes ask for, done in threads and in batches.

D = width of the vectors, H x W = the network's own picture size.
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

from reseen.data.opening import PictureError, PictureLimits, open_image
from reseen.deploy.facts import Network
from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.intake import cut_out
from reseen.retrieval.record import Box, Matches, Record
from reseen.retrieval.searching import MOST
from reseen.serve.batching import Batcher
from reseen.serve.coalescing import Adder, ConflictError, Query, search_alike
from reseen.serve.explanation import Explained, Explainer
from reseen.serve.metrics import Metrics
from reseen.serve.middleware.limits import Limits
from reseen.serve.responses import About, in_order
from reseen.serve.threads import Threads

_MOST_PICTURES = 32
_MOST_QUERIES = 16
_MOST_RECORDS = 64
_MOST_READERS = 8

Result = TypeVar("Result")


class MissingError(ReseenError):
    """A record that is not in the gallery, or has no picture."""


class Service:
    """One gallery being served. ``gallery`` must have an embedder; its ``network`` is needed to explain matches."""

    def __init__(self, gallery: Gallery, *, limits: Limits, network: Network | None = None) -> None:
        if gallery.embedder is None:
            raise ValueError("a gallery is served with an embedder; open it with one")
        self.gallery, self.embedder, self.limits = gallery, gallery.embedder, limits
        self.uri = gallery.info().uri
        self.metrics = Metrics(records=lambda: len(gallery))
        self.explainer = Explainer(self.embedder, network)
        self._pictures = PictureLimits(pixels=limits.pixels, bytes=limits.bytes)
        self._embed: Batcher[NDArray[np.uint8], NDArray[np.float32]] = Batcher(
            lambda prepared: list(self.embedder.embed_prepared(prepared)),
            most=_MOST_PICTURES,
            watch=self.metrics.embedded,
        )
        self._search: Batcher[Query, Matches] = Batcher(partial(search_alike, gallery), most=_MOST_QUERIES)
        self._add: Batcher[Record, str] = Batcher(Adder(gallery), most=_MOST_RECORDS)
        self._decoders = Threads(max(2, os.cpu_count() or 2))
        self._readers = Threads(_MOST_READERS)
        self._explaining = Threads(1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Within the block requests can be answered."""
        self._writing = asyncio.Lock()
        async with self._embed, self._search, self._add, self._decoders, self._readers, self._explaining:
            yield

    async def embed(self, data: bytes, *, box: Box | None = None) -> NDArray[np.float32]:
        """A picture's bytes -> (D,) of length 1. Raises PictureError for what is none."""
        return await self._embed(await self._decoders(partial(self._prepared, data, box)))

    async def search(self, vector: NDArray[np.float32], wishes: Mapping[str, Any], *, apart_from: str = "") -> Matches:
        """The records most like a vector (D,), without the one of the id ``apart_from``."""
        if not apart_from or wishes["k"] < 1:
            return await self._search(Query(vector, wishes))
        one_more = min(wishes["k"] + 1, max(wishes["k"], MOST))
        found = await self._search(Query(vector, {**wishes, "k": one_more}))
        others = [match for match in found if match.id != apart_from]
        return replace(found, entries=tuple(others[: wishes["k"]]))

    async def add(self, record: Record) -> str:
        """Keep a picture's bytes, its vector and what is known of it; the record's id. Raises ConflictError."""
        return await self._add(record)

    async def forget(self, wishes: Mapping[str, Any]) -> int:
        """As `Gallery.forget`. Raises ConflictError."""
        async with self._writing:
            try:
                return await self.read(partial(self.gallery.forget, **wishes))
            except ReseenError as error:
                raise ConflictError(str(error)) from None

    async def vector(self, id: str) -> NDArray[np.float32]:  # noqa: A002 - what records call it
        """A record's (D,). Raises MissingError."""
        rows = await self._of_record(partial(self.gallery.vectors, [id]))
        return rows.reshape(-1)

    async def thumbnail(self, id: str) -> bytes:  # noqa: A002
        """A record's small JPEG. Raises MissingError."""
        picture = await self._of_record(partial(self.gallery.thumbnail, id))
        if picture is None:
            raise MissingError("this record came as a bare vector: it has no picture")
        return picture

    async def explain(self, data: bytes, match: str, *, box: Box | None = None) -> Explained:
        """What makes the picture and the record of the id ``match`` alike."""
        found = await self._kept_picture(match)
        # Decoded in the same thread: pictures that wait for their turn must not wait as pixels.
        return await self._explaining(lambda: self.explainer(self.picture(data, box), found))

    async def explain_record(self, query: str, match: str) -> Explained:
        """What makes two records alike."""
        pair = await self._kept_picture(query), await self._kept_picture(match)
        return await self._explaining(partial(self.explainer, *pair))

    async def read(self, work: Callable[[], Result]) -> Result:
        """Work on the gallery in a thread."""
        return await self._readers(work)

    def about(self) -> About:
        """The gallery in numbers, and what may be asked of it."""
        info = self.gallery.info()
        return About(
            name=PurePath(info.uri).name,
            records=info.records,
            identities=info.identities,
            cameras=in_order(info.cameras),
            earliest=info.earliest,
            latest=info.latest,
            fields=dict(info.fields),
            model=info.model,
            width=info.width,
            threshold=info.threshold,
            search_threshold=info.search_threshold,
            judged_by=self.gallery.judged_by,
            note=self.embedder.note,
            explains=self.explainer.reason,
            most_bytes=self.limits.bytes,
            most_pixels=self.limits.pixels,
        )

    def picture(self, data: Any, box: Box | None) -> Image.Image:
        """The upright picture, or the part of it in the box."""
        picture = open_image(data, limits=self._pictures)
        return picture if box is None else cut_out(picture, box, name="the picture")

    def _prepared(self, data: bytes, box: Box | None) -> NDArray[np.uint8]:
        prepared = self.embedder.prepare(self.picture(data, box))
        if isinstance(prepared, PictureError):
            raise prepared
        return prepared

    async def _of_record(self, work: Callable[[], Result]) -> Result:
        try:
            return await self.read(work)
        except ReseenError as error:
            raise MissingError(str(error)) from None

    async def _kept_picture(self, id: str) -> Image.Image:  # noqa: A002
        return open_image(await self.thumbnail(id), limits=self._pictures)
