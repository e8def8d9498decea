"""Records, which go into a gallery, and matches, which come out of it.

D = width of the vectors.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from numpy.typing import NDArray

from reseen.arrays import as_array
from reseen.data.opening import ImageSource
from reseen.errors import ReseenError

FieldValue: TypeAlias = str | float | bool | None
"""The value of a free field; integers are stored as floats."""

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the upright image; right and bottom are excluded."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """One sighting of an individual: an image, or a vector that was made of one, or both.

    Attributes:
        image: The image: a path, the bytes of a file, a PIL image, or an array (height, width, 3) of uint8 RGB.
        vector: (D,), an array or a torch tensor, which is an array here.
        reference: The name of the image in answers; by default its path.
        identity: The individual, if known.
        camera: The camera, if known.
        time: When the image was taken; UTC without a zone.
        box: The part of the image that shows the individual.
        fields: Strings, numbers and booleans of your own, by name.

    Raises:
        ReseenError: There is neither an image nor a vector, or the box is empty.

    Example:
        >>> record = Record(picture="gate.jpg", camera="gate 2", box=(10, 20, 74, 84), fields={"colour": "red"})
        >>> record.box
        (10, 20, 74, 84)
        >>> Record(identity="a")
        Traceback (most recent call last):
        reseen.errors.ReseenError: a record: expected an image or a vector, got neither
    """

    picture: ImageSource | None = None
    vector: NDArray[Any] | None = None
    reference: str | None = None
    identity: str | None = None
    camera: str | None = None
    time: datetime | None = None
    box: Box | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.picture is None and self.vector is None:
            raise ReseenError("a record: expected an image or a vector, got neither")
        if self.vector is not None:
            object.__setattr__(self, "vector", as_array(self.vector))
        if self.box is not None and (len(self.box) != 4 or self.box[0] >= self.box[2] or self.box[1] >= self.box[3]):
            raise ReseenError(f"a record's box: expected left < right and top < bottom, got {self.box}")


class Failure(NamedTuple):
    """A record that could not be added: its position in the input, the name of its image, and the reason."""

    place: int
    reference: str | None
    reason: str


class Suggestion(NamedTuple):
    """Whom an added record probably shows; nothing was set.

    Attributes:
        identity: That of the most similar named record.
        record: The id of that record.
        similarity: The cosine of both.
        probability: That the record shows this identity, if a new record shows a named individual as likely as not;
            None where too little is known to say.

    Example:
        >>> print(Suggestion("van 12", "0f3c", 0.83, 0.97))
        probably van 12 (97 %, similarity 0.83)
    """

    identity: str
    record: str
    similarity: float
    probability: float | None

    def __str__(self) -> str:
        """In words."""
        if self.probability is None:
            return f"most similar to {self.identity} (similarity {self.similarity:.2f})"
        likely = "probably" if self.probability >= 0.5 else "probably not"
        return f"{likely} {self.identity} ({_percent(self.probability)}, similarity {self.similarity:.2f})"


class Added(NamedTuple):
    """The result of `Gallery.add`.

    Attributes:
        added: How many records are new.
        present: How many were in the gallery before.
        failures: The records that could not be added.
        ids: The id of each record in the input's order, None for a failure.
        predicted: Of how many new records each attribute was predicted, where that was asked for.
        suggestions: Whom each record without identity probably shows, in the same order; empty unless asked for.
    """

    added: int
    present: int
    failures: tuple[Failure, ...]
    ids: tuple[str | None, ...]
    predicted: Mapping[str, int] = {}
    suggestions: tuple[Suggestion | None, ...] = ()


def summed(parts: Iterable[Added]) -> Added:
    """The results of several batches, in order, as one."""
    batches = list(parts)
    return Added(
        sum(part.added for part in batches),
        sum(part.present for part in batches),
        tuple(failure for part in batches for failure in part.failures),
        tuple(id_ for part in batches for id_ in part.ids),
        dict(sum((Counter(part.predicted) for part in batches), Counter())),
        tuple(suggestion for part in batches for suggestion in part.suggestions),
    )


class Match(NamedTuple):
    """A record of the gallery and its cosine ``similarity`` to the query, in [-1, 1].

    ``known``: whether the similarity reaches the threshold; None without a threshold. ``model``: the fingerprint of the
    model that made the vector.
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
    """The matches of one query, best first.

    Attributes:
        entries: The matches; indexing and iterating goes over them.
        threshold: The similarity from which a match is known; None without one.
        judged_by: Which threshold that is, in words.
        exact: Whether every record was compared; else an index chose what to compare.

    Example:
        >>> Matches((), threshold=0.7).identity
        'unknown'
    """

    entries: tuple[Match, ...]
    threshold: float | None
    judged_by: str = ""
    exact: bool = True

    @property
    def known(self) -> bool | None:
        """Whether the best match reaches the threshold; None without a threshold."""
        if self.threshold is None:
            return None
        return bool(self.entries) and self.entries[0].similarity >= self.threshold

    @property
    def identity(self) -> str:
        """The best match's identity; "unknown" if it has none or does not reach the threshold."""
        if not self.entries or self.known is False:
            return UNKNOWN_IDENTITY
        return self.entries[0].identity or UNKNOWN_IDENTITY

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, place: Any) -> Any:
        return self.entries[place]

    def __iter__(self) -> Iterator[Match]:
        return iter(self.entries)


def _percent(share: float) -> str:
    """Certainty is never told.

    >>> _percent(0.9996), _percent(0.0001)
    ('more than 99 %', 'less than 1 %')
    """
    if share > 0.99:
        return "more than 99 %"
    return "less than 1 %" if share < 0.01 else f"{100 * share:.0f} %"


UNKNOWN_IDENTITY = "unknown"
"""The identity of a query that is not similar enough to any record."""
