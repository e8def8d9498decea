"""A gallery: records of who was seen where and when, searched by what they look like, kept by LanceDB.

N = records added, Q = queries, D = width of the vectors.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reseen.arrays import ArrayLike, as_array, is_tensor
from reseen.data.opening import PictureSource
from reseen.deploy.search_threshold import NO_SEARCH_THRESHOLD
from reseen.errors import ReseenError, unknown
from reseen.extras import extra

with extra("gallery"):
    from reseen.retrieval.adding import add_batch, add_columns, as_records, in_batches
    from reseen.retrieval.filters import Wanted, condition, one_of
    from reseen.retrieval.info import Info, fields_held, measured
    from reseen.retrieval.intake import NEEDS_EMBEDDER, unit_vectors
    from reseen.retrieval.record import Added, FieldValue, Matches, Record, summed
    from reseen.retrieval.schema import Model, changed_values, free_fields
    from reseen.retrieval.searching import build_index, check_k, index_if_it_pays, nearest
    from reseen.retrieval.store import Store
    from reseen.retrieval.versions import committed, delete_all

if TYPE_CHECKING:  # so that a gallery can be looked after without loading PyTorch
    from reseen.retrieval.embedder import Embedder, Pictures

Vectors: TypeAlias = ArrayLike


class Gallery:
    """Records on disk or in an object store, all embedded by one model. Safe to use from several threads.

    ``uri``: a folder, or what LanceDB opens (s3://, gs://, az://, with ``storage_options`` as LanceDB names them).
    ``embedder``: needed to add or to search pictures; ``model`` says whose vectors are handed over where there is no
    embedder. ``create``: make an empty gallery where there is none. ``patience``: seconds to wait while another process
    writes; an object store has no such lock, nor has NFS mounted with local locks: write there from one machine.

    Raises ReseenError where there is no gallery, or one of another model.
    """

    def __init__(
        self,
        uri: str | Path,
        *,
        embedder: "Embedder | None" = None,
        model: Model | None = None,
        create: bool = False,
        patience: float = 10.0,
        storage_options: Mapping[str, str] | None = None,
    ) -> None:
        if embedder is not None:
            model = Model(embedder.fingerprint, embedder.width, embedder.threshold, embedder.facts.search)
        if create and model is None:
            raise ValueError("a new gallery needs an embedder, or the model whose vectors it is to hold")
        self.embedder = embedder
        self._given = model
        self._store = Store(
            uri, options=dict(storage_options or {}), create=model if create else None, patience=patience
        )
        self.model = self._store.model
        self._refuse_other_model()

    def add(
        self,
        records: Iterable[Record | PictureSource] | Record | PictureSource,
        *,
        batch: int = 256,
        on_error: Literal["raise", "skip"] = "raise",
        progress: Callable[[int], object] | None = None,
    ) -> Added:
        """Add what is not there yet; the same picture and box are there already, whatever else is said of them.

        Every ``batch`` records are one commit, after which ``progress`` is told how many more are safe: whatever
        kills the program later, they stay, and the same call goes on behind them. ``skip``: a picture that cannot
        be read becomes a failure instead of a PictureError.

        Raises ReseenError without an embedder or model, for fields that do not fit, for a full disk, and where
        another process keeps writing.
        """
        if batch < 1:
            raise ValueError(f"expected a batch of at least 1 record, got {batch}")
        if self._given is None:
            raise ReseenError(f"{self._store.uri}: open it with an embedder, or say whose model made the vectors")
        done: list[Added] = []
        first = 0
        for chunk in in_batches(as_records(records), batch):
            done.append(add_batch(self._store, chunk, embedder=self.embedder, first=first, skip=on_error == "skip"))
            first += len(chunk)
            if progress:
                progress(len(chunk))
        return summed(done)

    def search(
        self,
        queries: "Pictures | Vectors",
        *,
        k: int = 10,
        cameras: Sequence[str] | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        where: Mapping[str, Wanted] | None = None,
        threshold: float | None = None,
    ) -> list[Matches]:
        """One picture or many, or vectors (D,) or (Q, D) -> each one's ``k`` most similar records, best first.

        Vectors are an array or a torch tensor of floats.

        Only records seen by ``cameras``, from ``after`` on, before ``before``, and whose columns hold what ``where``
        says: {"colour": "red", "lane": ["1", "2"], "speed": Span(30, 50)}. ``threshold``: the similarity from which
        a match counts as known; left out, the ``search_threshold``, for as many records as there are whatever the
        filters say, and without one none counts as known or unknown.

        Raises ReseenError for a camera or field that no record has, and for a ``k`` outside 1 to 10,000.
        """
        check_k(k)
        if cameras is not None:
            self._refuse_unknown_cameras(cameras)
        fits = condition(self._store.schema, cameras=cameras, after=after, before=before, where=where)
        limit, words = self._judgement() if threshold is None else (threshold, f"threshold {threshold:.4f}, as asked")
        found = nearest(self._store, self._query_vectors(queries), k=k, where=fits, threshold=limit)
        return [replace(matches, judged_by=words) for matches in found]

    def update(self, ids: Sequence[str], changes: Mapping[str, FieldValue | datetime]) -> int:
        """Set identity, camera, time, picture or free fields of these records; None empties. How many there were."""
        with self._store.writing() as table:
            add_columns(table, [free_fields(changes)])
            values = changed_values(changes, table.schema)
            done = committed(table, lambda: table.update(where=one_of("id", ids), values=values))
            return max(int(attempt.rows_updated) for attempt in done)

    def delete(self, ids: Sequence[str]) -> int:
        """Take these records out of every answer; how many there were. Their bytes stay until `forget`."""
        with self._store.writing() as table:
            count = table.count_rows(one_of("id", ids).to_sql())
            delete_all(table, one_of("id", ids))
            return int(count)

    def forget(
        self,
        *,
        ids: Sequence[str] | None = None,
        identity: str | None = None,
        camera: str | None = None,
        before: datetime | None = None,
    ) -> int:
        """Remove the records that fit everything said, and every byte of them; how many there were.

        All others move to new files and every older file is removed, also what deleted and changed records left
        behind; so it takes as long as copying the gallery, whatever the number forgotten. If it is interrupted, the
        same call completes it. Pictures that records refer to are not the gallery's and stay. Raises ReseenError where
        an older file could not be removed.
        """
        if ids is None and identity is None and camera is None and before is None:
            raise ReseenError("forget: expected ids, an identity, a camera or a time, got none")
        where = {name: value for name, value in (("id", ids), ("identity", identity)) if value is not None}
        fits = condition(self._store.schema, cameras=None if camera is None else [camera], before=before, where=where)
        assert fits is not None
        with self._store.writing() as table:
            count = len(self._store.column("id", fits))
            self._store.rewrite_without(fits)
            index_if_it_pays(table)
        return count

    def compact(self) -> None:
        """Merge small files, remove older versions, and keep the index up to date once it pays to have one."""
        with self._store.writing() as table:
            self._store.tidy()
            index_if_it_pays(table)

    def create_index(self) -> None:
        """Build the index now, whether it pays or not."""
        with self._store.writing() as table:
            build_index(table)

    def info(self) -> Info:
        """The gallery in numbers."""
        return measured(self._store, threshold=self.threshold, search_threshold=self.search_threshold)

    def cameras(self) -> tuple[str, ...]:
        """The cameras that records name, sorted."""
        return self._store.cameras()

    def fields(self) -> dict[str, str]:
        """The free fields that records have, each with what it holds: words, numbers or truths."""
        return fields_held(self._store)

    @property
    def threshold(self) -> float | None:
        """From which two pictures show one individual: the embedder's, or what the gallery was made with, or None."""
        given = self._given.threshold if self._given else None
        return self.model.threshold if given is None else given

    @property
    def search_threshold(self) -> float | None:
        """From which the best match of a search is known, in a gallery as large as this one is now; None without."""
        return self._judgement()[0]

    @property
    def judged_by(self) -> str:
        """What searches are judged by, in words: the search threshold and whence it is, or that there is none."""
        return self._judgement()[1]

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """(N, D): the vectors of these records in this order. ReseenError for an id that is not there."""
        rows = self._store.fetch(ids, "vector")
        return np.array([rows[one] for one in ids], dtype=np.float32).reshape(len(ids), self.model.width)

    def thumbnail(self, id: str) -> bytes | None:  # noqa: A002 - what records call it
        """The small JPEG that was kept of the record's picture, None for a bare vector. ReseenError: not there."""
        found: bytes | None = self._store.fetch([id], "thumbnail")[id]
        return found

    def __len__(self) -> int:
        return self._store.read(lambda table: int(table.count_rows()))

    def _judgement(self) -> tuple[float | None, str]:
        """The search threshold at this size, and the words for it."""
        search = (self._given and self._given.search) or self.model.search
        if search is None:
            return None, NO_SEARCH_THRESHOLD
        records = len(self)
        return search.at(records), search.describe(records)

    def _query_vectors(self, queries: "Pictures | Vectors") -> NDArray[np.float32]:
        if is_tensor(queries):
            queries = as_array(queries)
        if isinstance(queries, np.ndarray) and np.issubdtype(queries.dtype, np.floating):
            return unit_vectors(queries, width=self.model.width)
        if self.embedder is None:
            raise ReseenError(NEEDS_EMBEDDER)
        return self.embedder(queries)

    def _refuse_unknown_cameras(self, cameras: Sequence[str]) -> None:
        known = self.cameras()
        for camera in cameras:
            if camera not in known:
                raise ReseenError(f"{self._store.uri}: {unknown('camera', camera, known)}")

    def _refuse_other_model(self) -> None:
        given, held = self._given, self.model
        if given is not None and (given.fingerprint, given.width) != (held.fingerprint, held.width):
            raise ReseenError(
                f"{self._store.uri}: this gallery holds vectors of model {held.fingerprint} ({held.width} wide), got "
                f"model {given.fingerprint} ({given.width} wide); use the gallery's model, or make a new gallery"
            )
