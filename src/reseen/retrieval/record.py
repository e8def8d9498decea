"""What goes into a gallery and what comes out of it.

D = width of the vectors.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from numpy.typing import NDArray

from reseen.arrays import as_array
from reseen.data.opening import PictureSource
from reseen.errors import ReseenError

FieldValue: TypeAlias = str | float | bool | None
"""What a free field of a record may hold; whole numbers are kept as floats."""

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom: pixels of the upright picture, right and bottom excluded."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """One sighting to keep: a ``picture``, or the ``vector`` (D,) that was made of one elsewhere, or both.

    The vector may be given as a torch tensor, and is an array here.

    ``box``: the part of the picture that shows the individual. ``reference``: how the picture is called in answers;
    a path calls itself. ``time``: without a zone it is UTC. ``fields``: words, numbers and truths of your own.
    """

    picture: PictureSource | None = None
    vector: NDArray[Any] | None = None
    reference: str | None = None
    identity: str | None = None
    camera: str | None = None
    time: datetime | None = None
    box: Box | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.picture is None and self.vector is None:
            raise ReseenError("a record: expected a picture or a vector, got neither")
        if self.vector is not None:
            object.__setattr__(self, "vector", as_array(self.vector))
        if self.box is not None and (len(self.box) != 4 or self.box[0] >= self.box[2] or self.box[1] >= self.box[3]):
            raise ReseenError(f"a record's box: expected left < right and top < bottom, got {self.box}")


class Failure(NamedTuple):
    """A record that could not be added: its place among those given, how its picture is called, and why."""

    place: int
    reference: str | None
    reason: str


class Added(NamedTuple):
    """What became of the records: so many ``added``, so many ``present`` before, and the ``failures``.

    ``ids``: one per record in the given order, None for a failure.
    """

    added: int
    present: int
    failures: tuple[Failure, ...]
    ids: tuple[str | None, ...]


def summed(parts: Iterable[Added]) -> Added:
    """Several batches, in order, as one."""
    several = list(parts)
    return Added(
        sum(part.added for part in several),
        sum(part.present for part in several),
        tuple(failure for part in several for failure in part.failures),
        tuple(one for part in several for one in part.ids),
    )


class Match(NamedTuple):
    """A record of the gallery and its cosine ``similarity`` to what was searched, in [-1, 1].

    ``known``: whether the similarity reaches the threshold; None where there is none. ``model``: the fingerprint of
    what made the vector.
    """

    id: str
    similarity: float
    known: bool | None
    identity: str | None
    camera: str | None
    time: datetime | None
    box: Box | None
    picture: str | None
    fields: Mapping[str, FieldValue]
    model: str


@dataclass(frozen=True)
class Matches(Sequence[Match]):
    """The best records for one query, best first, and the ``threshold`` they were judged by, None without one.

    ``judged_by``: which threshold that is, in words.
    """

    entries: tuple[Match, ...]
    threshold: float | None
    judged_by: str = ""

    @property
    def known(self) -> bool | None:
        """Whether the best record reaches the threshold; None without one."""
        if self.threshold is None:
            return None
        return bool(self.entries) and self.entries[0].similarity >= self.threshold

    @property
    def identity(self) -> str:
        """The best record's identity; "unknown" where it has none or does not reach the threshold."""
        if not self.entries or self.known is False:
            return UNKNOWN_IDENTITY
        return self.entries[0].identity or UNKNOWN_IDENTITY

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, place: Any) -> Any:
        return self.entries[place]

    def __iter__(self) -> Iterator[Match]:
        return iter(self.entries)


UNKNOWN_IDENTITY = "unknown"
"""Who a picture shows that nobody in the gallery is similar enough to."""
