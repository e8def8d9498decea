"""The index of a gallery's vectors: its kind, what it was measured to find, and building it.

A small gallery needs none. From ``INDEX_PAYS`` records on an IVF_FLAT index keeps the vectors whole, and a search reads
all of it. From ``APPROXIMATE_PAYS`` on an IVF_RQ index keeps 4 bits of each number, a search reads its nearest parts,
and the best candidates are compared again by the stored vectors.
"""

import json
from typing import Any, NamedTuple

from lancedb.index import Bitmap, BTree, IvfFlat, IvfRq

INDEX_PAYS = 10_000
"""Number of records from which an index is worth its size on disk."""

APPROXIMATE_PAYS = 200_000
"""Number of records from which a search may leave distant parts of the index out; below, every search is exact."""

UNINDEXED = 16_384
"""Number of records that a search compares one by one in little time; from this on they are added to the index."""

VECTOR_INDEX = "vector_idx"
FACTS = "reseen.index_facts"
"""The key of the column's metadata that says what the index was measured to find."""

PARTITION = 8192
"""Records in a part of an index; smaller parts find the same in more time. LanceDB's own `optimize` joins parts below
1,024 records and splits those above 16,384."""

_OUTGROWN = 4
_EXACT_PARTITION = 4096
_BITS = 4
_FEW_CAMERAS = 1000
_COMPACT = "`reseen gallery compact`"


class IndexFacts(NamedTuple):
    """What an approximate index was measured to find, and how it is searched.

    Attributes:
        records: The records of the gallery when it was measured.
        trained: The records when the index was built.
        parts: Its parts.
        probes: Parts of the index that a search reads.
        filtered_probes: The same for a search with filters.
        refine: Candidates for each match that are compared again by the stored vectors.
        recall: The share of the ten nearest records that a search finds, on a sample of stored vectors.
        filtered_recall: The same where a filter keeps an eighth of the records.
        reached: Whether both reach what was wanted; if not, searches are exact.
    """

    records: int
    trained: int
    parts: int
    probes: int
    filtered_probes: int
    refine: int
    recall: float
    filtered_recall: float
    reached: bool


class SearchPlan(NamedTuple):
    """How a table is searched: ``facts`` of an approximate index or None, whether its exact index is used, and why.

    ``wanted``: an index is to be built or brought up to date. ``note``: what a user should know, one line or "".
    ``late``: the most records that one of the indexes lacks yet, None if that is not known. ``index_bytes``: the size
    of the index that searches read, 0 without one.
    """

    facts: IndexFacts | None
    bypass: bool
    wanted: bool
    note: str
    late: int | None = None
    index_bytes: int = 0


def plan_of(table: Any) -> SearchPlan:
    """Read how the table is to be searched now."""
    index, records = vector_index(table), int(table.count_rows())
    large = records >= APPROXIMATE_PAYS
    if index is None:
        note = f"no index yet: searches compare every record; {_COMPACT} builds one" if large else ""
        return SearchPlan(None, bypass=False, wanted=large, note=note)
    facts, size = facts_of(table), int(index.size_bytes or 0)
    if index.index_type == "IvfFlat":
        if large and facts is not None and not facts.reached and records < 2 * facts.records:
            note = f"searches are exact: an approximate index found {facts.recall:.3f} of the ten nearest"
            return SearchPlan(None, bypass=False, wanted=False, note=note, index_bytes=size)
        return SearchPlan(None, bypass=False, wanted=large, note="", index_bytes=size)
    if facts is None or not facts.reached or not _readable(index):
        note = f"its index ({index.index_type}) is of another format: searches are exact"
        note += f" until {_COMPACT} builds another" if large else ""
        return SearchPlan(None, bypass=True, wanted=large, note=note)
    late = _late(table)
    outgrown = _outgrown(facts, records)
    wanted = outgrown or (late or 0) >= UNINDEXED
    waiting = f"{late or 0:,} records are not in the index yet; {_COMPACT} takes them up"
    note = "" if not wanted else f"the index is for fewer records; {_COMPACT} builds another" if outgrown else waiting
    return SearchPlan(facts, bypass=False, wanted=wanted, note=note, late=late, index_bytes=size)


def _late(table: Any) -> int | None:
    """The most records that one of the indexes lacks, of vectors or of a column, as filters are read from those."""
    counts = [index.num_unindexed_rows for index in table.list_indices()]
    return None if None in counts else max(counts)


def vector_index(table: Any) -> Any | None:
    """LanceDB's description of the vectors' index, or None."""
    return next((index for index in table.list_indices() if index.name == VECTOR_INDEX), None)


def indexed(table: Any) -> int:
    """How many records are in the index; 0 without an index."""
    index = vector_index(table)
    return 0 if index is None else int(index.num_indexed_rows or 0)


def facts_of(table: Any) -> IndexFacts | None:
    """What the index was measured to find; None where nothing was written, or by another version."""
    try:
        return IndexFacts(**json.loads((table.schema.field("vector").metadata or {})[FACTS.encode()]))
    except (KeyError, TypeError, ValueError):
        return None


def write_facts(table: Any, facts: IndexFacts) -> None:
    """Keep the facts with the gallery."""
    table.update_field_metadata({"path": "vector", "metadata": {FACTS: json.dumps(facts._asdict())}})


def build_exact(table: Any) -> None:
    """Partition the uncompressed vectors by similarity; a search of all parts is exact."""
    config = IvfFlat(distance_type="cosine", target_partition_size=_EXACT_PARTITION)
    table.create_index("vector", config=config, name=VECTOR_INDEX)


def build_approximate(table: Any) -> int:
    """Partition vectors of 4 bits a number by distance, and index what is filtered by; the number of parts.

    Of unit vectors the nearest by distance are the most similar.
    """
    parts = max(1, int(table.count_rows()) // PARTITION)
    config = IvfRq(distance_type="l2", num_bits=_BITS, num_partitions=parts)
    table.create_index("vector", config=config, name=VECTOR_INDEX)
    return parts


def index_columns(table: Any, *, cameras: int) -> None:
    """Index the columns that are filtered by, where they are not."""
    there = {index.name for index in table.list_indices()}
    camera: Any = Bitmap() if cameras < _FEW_CAMERAS else BTree()
    for column, config in (("id", BTree()), ("camera", camera), ("time", BTree())):
        if f"{column}_idx" not in there:
            table.create_index(column, config=config, name=f"{column}_idx")


def drop_column_indexes(table: Any) -> None:
    """Drop the indexes of columns, which hold their values."""
    for index in table.list_indices():
        if index.name != VECTOR_INDEX:
            table.drop_index(index.name)


def must_be_built(table: Any) -> bool:
    """Whether an approximate index is due: there is none, another kind is there, or the gallery has outgrown it."""
    plan, records = plan_of(table), int(table.count_rows())
    return plan.wanted and (plan.facts is None or _outgrown(plan.facts, records))


def _outgrown(facts: IndexFacts, records: int) -> bool:
    return records > _OUTGROWN * max(facts.trained, facts.parts * PARTITION)


def _readable(index: Any) -> bool:
    details = index.index_details or {}
    kind = details.get("compression", {}).get("type")
    return index.index_type == "IvfRq" and details.get("metric_type") == "L2" and kind == "rq"
