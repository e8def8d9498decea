"""Keeps the index of a gallery: builds it where it pays and takes up new records, beside readers and writers."""

from threading import Lock, Thread
from time import monotonic

from reseen.errors import ReseenError
from reseen.retrieval import indexes
from reseen.retrieval.indexes import IndexFacts, build_approximate, build_exact, index_columns, write_facts
from reseen.retrieval.recall import measured
from reseen.retrieval.store import Store

_PAUSE = 600.0
"""Seconds until an attempt in the background that failed is repeated."""

_ROUNDS = 3


def compact(store: Store) -> None:
    """Merge small files, remove older versions, and bring the index up to date, or build one where it pays.

    Merging, removing and taking up new records keep writers waiting; an index is built beside them.
    """
    _compact(store)
    store.follow_index()


def build(store: Store) -> None:
    """Build the index now, whatever the size."""
    with store.building():
        if len_of(store) >= indexes.APPROXIMATE_PAYS:
            _build(store)
        else:
            build_exact(store.table)
    store.follow_index()


def _compact(store: Store) -> None:
    with store.building():
        _tidy(store)
        if store.read(indexes.must_be_built):
            _build(store)
        elif not store.read(indexes.indexed) and len_of(store) >= indexes.INDEX_PAYS:
            build_exact(store.table)
        elif not _completed(store):
            return
        _tidy(store)


def len_of(store: Store) -> int:
    """The number of records."""
    return store.read(lambda table: int(table.count_rows()))


class Background:
    """Compacts a gallery in a thread of its own, one at a time; ``problem`` is why the last attempt failed, or ""."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, Lock()
        self._thread: Thread | None = None
        self._not_before = 0.0
        self.problem = ""

    def start(self) -> bool:
        """Begin, unless it is at work, or has failed a moment ago; whether it is at work now."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return True
            if monotonic() < self._not_before:
                return False
            self._thread = Thread(target=self._work, name="reseen gallery index", daemon=True)
            self._thread.start()
            return True

    def wait(self) -> None:
        """Return once it is done."""
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            for _ in range(_ROUNDS):  # records may come while it is at work
                compact(self._store)
                if not self._store.plan().wanted:
                    break
            self.problem = ""
        except ReseenError as error:
            self.problem = str(error)
            self._not_before = monotonic() + _PAUSE


def _tidy(store: Store) -> None:
    with store.writing():
        store.tidy()


def _completed(store: Store) -> bool:
    """Index the columns that an interrupted forget left without, and measure again once the gallery has doubled."""
    facts, records = store.plan().facts, len_of(store)
    if facts is None:
        return False
    index_columns(store.table, cameras=len(store.cameras()))
    if records >= 2 * facts.records:
        write_facts(store.table, measured(store, parts=facts.parts, trained=facts.trained))
    return records >= 2 * facts.records


def _build(store: Store) -> None:
    """An approximate index, or an exact one where that finds too little."""
    with store.errors():
        table = store.table
        records = len_of(store)
        parts = build_approximate(table)
        index_columns(table, cameras=len(store.cameras()))
        facts: IndexFacts = measured(store, parts=parts, trained=records)
        write_facts(table, facts)
        if not facts.reached:
            build_exact(table)
