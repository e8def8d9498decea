"""A gallery: records of who was seen where and when, searched by appearance, stored by LanceDB.

N = records added, Q = queries, D = width of the vectors.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from reseen.data.opening import ImageSource
from reseen.deploy.search_threshold import NO_SEARCH_THRESHOLD
from reseen.errors import ReseenError, unknown
from reseen.extras import extra
from reseen.progress import SILENT, Progress

with extra("gallery"):
    from reseen.retrieval import indexes
    from reseen.retrieval.adding import Adder, in_batches
    from reseen.retrieval.adding_elsewhere import AdderElsewhere
    from reseen.retrieval.caches import CacheSizes
    from reseen.retrieval.filters import FieldFilter, condition, one_of
    from reseen.retrieval.forgetting import forget_rows
    from reseen.retrieval.gallery_model import model_of, require_same_model, with_thresholds_of
    from reseen.retrieval.info import Info, field_types, gallery_info
    from reseen.retrieval.queries import Vectors, embedder_of, query_vectors
    from reseen.retrieval.record import Added, FieldValue, Matches, Record, summed
    from reseen.retrieval.schema import GalleryModel
    from reseen.retrieval.searching import SearchParams, check_k, nearest
    from reseen.retrieval.store import Store
    from reseen.retrieval.updating import update_records
    from reseen.retrieval.upkeep import Background, build, compact
    from reseen.retrieval.versions import delete_all

if TYPE_CHECKING:  # a gallery of vectors needs no PyTorch
    from reseen.retrieval.discover import Decisions, DiscoverSettings, Discovery
    from reseen.retrieval.discover.suggest import Suggester
    from reseen.retrieval.embedder import Embedder, Images
    from reseen.retrieval.ray_pool import RayPool

__all__ = ["Gallery", "Vectors"]


class Gallery:
    """Records on disk or in an object store, all embedded by one model. Safe to use from several threads.

    Args:
        uri: A folder, or an address that LanceDB opens (s3://, gs://, az://).
        embedder: Embeds images; needed to add images or to search by them.
        model: The model of the vectors to add, where there is no embedder.
        create: Make an empty gallery if there is none.
        patience: Seconds to wait while another process writes. In an object store nobody need wait to add. NFS mounted
            with local locks has none that holds between machines: write there from one only.
        storage_options: Options of the object store, as LanceDB names them.
        caches: The most memory for what was read of the index and of files; by default what the environment's
            RESEEN_INDEX_CACHE and RESEEN_METADATA_CACHE say in MB; where they say nothing, what holds the index of a
            folder (2 GB or more, but more at most up to half of the available memory), and 256 MB.
        upkeep: Build the index of a large gallery in the background when a search or many new records need it. It is
            for programs that run long, and a folder; `compact` does the same at once.

    Raises:
        ReseenError: There is no gallery, or one of another model.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from reseen.retrieval.schema import GalleryModel
        >>> folder = TemporaryDirectory()
        >>> gallery = Gallery(folder.name, model=GalleryModel("0123456789abcdef", width=2), create=True)
        >>> gallery.add([Record(vector=[1, 0], identity="a"), Record(vector=[0, 1], identity="b")]).added
        2
        >>> gallery.search(np.array([0.9, 0.1]), k=1)[0].identity
        'a'
        >>> folder.cleanup()
    """

    def __init__(
        self,
        uri: str | Path,
        *,
        embedder: "Embedder | None" = None,
        model: GalleryModel | None = None,
        create: bool = False,
        patience: float = 10.0,
        storage_options: Mapping[str, str] | None = None,
        caches: "CacheSizes | None" = None,
        upkeep: bool = True,
    ) -> None:
        if embedder is not None:
            model = model_of(embedder)
        if create and model is None:
            raise ValueError("a new gallery needs an embedder, or the model whose vectors it will hold")
        self.embedder = embedder
        self._expected = model
        self._store = Store(
            uri,
            options=dict(storage_options or {}),
            create=model if create else None,
            patience=patience,
            caches=caches,
        )
        self._background = Background(self._store) if upkeep and self._store.folder is not None else None
        self._since_upkeep = 0
        self._suggester: Suggester | None = None
        self.model = self._store.model
        require_same_model(self.model, self._expected, uri=self._store.uri)

    def add(
        self,
        records: Iterable[Record | ImageSource] | Record | ImageSource,
        *,
        batch: int = 256,
        on_error: Literal["raise", "skip"] = "raise",
        attributes: bool = False,
        suggest: bool = False,
        pool: "RayPool | None" = None,
        progress: Callable[[int], object] | None = None,
    ) -> Added:
        """Add the records that are new. A record with the same image and box is not, whatever its other columns say.

        Args:
            records: One or many records or images.
            batch: Records in one commit. Committed records are safe: if the program is killed later, the same call
                continues after them.
            on_error: "skip": an image that cannot be read becomes a failure; "raise": it raises PictureError.
            attributes: Attributes that the embedder predicts, such as colour, become fields of the new records that
                have none of the name. Beside such a field stands another, colour_probability, which a record with a
                given colour has not got.
            suggest: Say whom each record without identity probably shows (``Added.suggestions``); never sets it.
            pool: Processes, such as a `RayPool`, each of which embeds and adds a batch at a time; by default this
                process does. Of an image that is given twice, either record may be added.
            progress: Called after each commit with the number of its records.

        Raises:
            ReseenError: There is no embedder or model, attributes are asked for and the embedder predicts none, a field
                has another type, the disk is full, another process keeps writing, a process of the pool was lost, or
                there is a pool and the gallery is in this process's memory.
        """
        if batch < 1:
            raise ValueError(f"expected a batch of at least 1 record, got {batch}")
        if self._expected is None:
            raise ReseenError(f"{self._store.uri}: open it with an embedder, or with the model that made the vectors")
        if attributes:
            embedder_of(self.embedder).require_attributes()
        adder = Adder(self._store, embedder=self.embedder, skip=on_error == "skip", attributes=attributes)
        waiting = in_batches(records, batch)
        done = map(adder, waiting) if pool is None else pool(AdderElsewhere.of(adder, device=pool.device).make, waiting)
        batches: list[tuple[int, Added]] = []
        for first, given, added in done:
            batches.append((first, self._with_suggestions(added) if suggest else added))
            self._keep_up_with(added.added)
            if progress:
                progress(given)
        return summed(added for _, added in sorted(batches, key=itemgetter(0)))

    def search(
        self,
        queries: "Images | Vectors",
        *,
        k: int = 10,
        cameras: Sequence[str] | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        where: Mapping[str, FieldFilter] | None = None,
        threshold: float | None = None,
        exact: bool = False,
    ) -> list[Matches]:
        """Find the records most similar to each query.

        A gallery below 200,000 records compares all of them. A larger one has an index, with a recall that was measured
        (`info`), and then compares what the index finds; the similarities are those of the stored vectors.

        Args:
            queries: One or many images, or vectors (D,) or (Q, D), an array or tensor of floats.
            k: The largest number of matches, 1 to 10,000.
            cameras: Only records of these cameras.
            after: Only records from this time on.
            before: Only records before this time.
            where: Only records whose columns hold these values: {"colour": "red", "lane": ["1", "2"], "speed": Span(30,
                50)}.
            threshold: Similarity from which a match is known. By default the ``search_threshold`` for all records of
                the gallery, whatever the filters; if there is none, no match is known or unknown.
            exact: Compare every record, whatever the size.

        Returns:
            The matches of each query, best first.

        Raises:
            ReseenError: No record has the camera or field, or ``k`` is out of range.
        """
        check_k(k)
        vectors = self._query_vectors(queries)  # may take long, and what is forgotten meanwhile is not to be found
        with self._store.one_look():
            if cameras is not None:
                self._refuse_unknown_cameras(cameras)
            filters = condition(self._store.schema, cameras=cameras, after=after, before=before, where=where)
            limit, text = (
                self._judgement() if threshold is None else (threshold, f"threshold {threshold:.4f}, as asked")
            )
            results = nearest(self._store, vectors, SearchParams(k, filters, limit, exact))
            self._keep_up()
        return [replace(matches, judged_by=text) for matches in results]

    def update(self, ids: Sequence[str], changes: Mapping[str, FieldValue | datetime]) -> int:
        """Set identity, camera, time, image or free fields of these records, where None clears; their number."""
        with self._store.writing() as table:
            return update_records(table, ids, changes)

    def delete(self, ids: Sequence[str]) -> int:
        """Remove these records from every answer, and return their number. Their bytes stay until `forget`."""
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
        """Remove the records that meet every condition, with every byte of them, and return their number.

        The files that hold them (16,384 to 32,767 records each, once merged) are written anew without them, and so are
        the indexes; every older file is removed, also what deleted and changed records left behind. It waits for an
        index that is being built. If it is interrupted, the same call completes it. Image files that records refer to
        stay.

        Args:
            ids: Only these records.
            identity: Only records of this identity.
            camera: Only records of this camera.
            before: Only records before this time.

        Raises:
            ReseenError: There is no condition, another process keeps writing, or an older file cannot be removed.
        """
        if ids is None and identity is None and camera is None and before is None:
            raise ReseenError("forget: expected ids, an identity, a camera or a time, got none")
        where = {name: value for name, value in (("id", ids), ("identity", identity)) if value is not None}
        gone = condition(self._store.schema, cameras=None if camera is None else [camera], before=before, where=where)
        assert gone is not None
        # What was decided of them goes first as well: a call that completes a stopped one finds the records no more.
        self._forget_decided(self._store.column("id", gone).to_pylist(), identity)
        with self._store.building(), self._store.writing() as table:
            forgotten = self._store.column("id", gone).to_pylist()
            try:
                forget_rows(self._store, gone)
            finally:
                self._store.cached.clear()
            if not indexes.indexed(table) and indexes.INDEX_PAYS <= table.count_rows() < indexes.APPROXIMATE_PAYS:
                indexes.build_exact(table)
        self._forget_decided(forgotten, identity)
        return len(forgotten)

    def _forget_decided(self, ids: Sequence[str], identity: str | None) -> None:
        """Remove what proposals and decisions hold of these records."""
        from reseen.retrieval.discover.purge import forget_decided

        if self._store.folder is not None:
            forget_decided(self._store.folder, ids, identity=identity)

    def discover(self, *, settings: "DiscoverSettings | None" = None, progress: Progress = SILENT) -> "Discovery":
        """Find records that look like one individual, and keep them as proposals to decide. Nothing is changed.

        Args:
            settings: How to look; by default ``DiscoverSettings()``.
            progress: Shows the steps.

        Returns:
            Groups of records to name, identities to merge and to split, the most certain first.

        Raises:
            ReseenError: The gallery is in an object store, or its folder cannot be written.
        """
        from reseen.retrieval.discover.discover import discover
        from reseen.retrieval.discover.propose import DEFAULTS

        return discover(self._store, model=self._judged_model(), settings=settings or DEFAULTS, progress=progress)

    def decisions(self) -> "Decisions":
        """The proposals of `discover` that wait, to accept, refuse and undo. ReseenError for an object store."""
        from reseen.retrieval.discover.decisions import Decisions

        return Decisions(self._store)

    def compact(self) -> None:
        """Merge small files, remove older versions, and update the index, or build one if the gallery is large."""
        compact(self._store)

    def compact_beside(self) -> None:
        """`compact` in the background, where the gallery has one (``upkeep``); else at once, unless others write."""
        if self._background is not None:
            self._background.start()
            return
        with suppress(ReseenError):
            compact(self._store)

    def create_index(self) -> None:
        """Build the index now, whatever the size of the gallery."""
        build(self._store)

    def info(self) -> Info:
        """The gallery in numbers."""
        return gallery_info(self._store, threshold=self.threshold, search_threshold=self.search_threshold)

    @property
    def note(self) -> str:
        """What a user should know of how the gallery is searched now, one line, or ""."""
        background = self._background and self._background.problem
        searched = background or self._store.index_problem or self._store.plan().note
        return "; ".join(filter(None, (searched, self._store.cache_note())))

    def cameras(self) -> tuple[str, ...]:
        """The cameras of all records, sorted."""
        return self._store.cameras()

    def fields(self) -> dict[str, str]:
        """The free fields of the records, each with its type: "string", "number" or "boolean"."""
        return field_types(self._store)

    @property
    def threshold(self) -> float | None:
        """From which two images show one individual: the embedder's, or what the gallery was made with, or None."""
        return self._judged_model().threshold

    @property
    def search_threshold(self) -> float | None:
        """Similarity from which the best match of a search is known, at the gallery's size now; None without one."""
        return self._judgement()[0]

    @property
    def judged_by(self) -> str:
        """The search threshold and its origin in words, or that there is none."""
        return self._judgement()[1]

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of these records in this order, (N, D). Raises ReseenError for an unknown id."""
        rows = self._store.fetch(ids, "vector")
        return np.array([rows[id_] for id_ in ids], dtype=np.float32).reshape(len(ids), self.model.width)

    def thumbnail(self, id: str) -> bytes | None:  # noqa: A002 - what records call it
        """A small JPEG of the record's image, None if it has none. Raises ReseenError for an unknown id."""
        jpeg: bytes | None = self._store.fetch([id], "thumbnail")[id]
        return jpeg

    def __len__(self) -> int:
        return self._store.read(lambda table: int(table.count_rows()))

    def _keep_up(self) -> bool:
        """Bring the index up to date in the background, if that is wanted; whether it is at work."""
        return self._background is not None and self._store.plan().wanted and self._background.start()

    def _keep_up_with(self, added: int) -> None:
        self._since_upkeep += added
        if self._since_upkeep >= indexes.UNINDEXED:
            self._since_upkeep = 0
            self._keep_up()

    def _judged_model(self) -> GalleryModel:
        """The model with the thresholds that hold."""
        return with_thresholds_of(self.model, self._expected)

    def _with_suggestions(self, added: Added) -> Added:
        from reseen.retrieval.discover.suggest import Suggester

        if self._suggester is None:
            self._suggester = Suggester(self._store)
        found = self._suggester([id_ for id_ in added.ids if id_], model=self._judged_model())
        return added._replace(suggestions=tuple(None if id_ is None else found.get(id_) for id_ in added.ids))

    def _judgement(self) -> tuple[float | None, str]:
        """The search threshold at the gallery's size, and its description."""
        search = self._judged_model().search
        if search is None:
            return None, NO_SEARCH_THRESHOLD
        records = self._store.records()
        return search.at(records), search.describe(records)

    def _query_vectors(self, queries: "Images | Vectors") -> NDArray[np.float32]:
        return query_vectors(queries, embedder=self.embedder, width=self.model.width)

    def _refuse_unknown_cameras(self, cameras: Sequence[str]) -> None:
        known = self.cameras()
        for camera in cameras:
            if camera not in known:
                raise ReseenError(f"{self._store.uri}: {unknown('camera', camera, known)}")
