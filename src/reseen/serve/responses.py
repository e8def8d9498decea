"""Schemas of answers, as the OpenAPI description shows them."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from reseen.retrieval.record import Matches


class _OfValues(BaseModel):
    @classmethod
    def of(cls, values: object, **others: object) -> Self:
        """The schema with the attributes of ``values`` that it has, and with ``others`` for the rest."""
        return cls(**{name: getattr(values, name) for name in cls.model_fields if name not in others}, **others)


class Health(BaseModel):
    """The service is running."""

    status: str = "ok"


class Vector(BaseModel):
    """A ``vector`` of length 1 and the fingerprint of the ``model`` that made it."""

    vector: list[float]
    model: str


class MatchOut(_OfValues):
    """A record and its cosine similarity; ``known``: whether it reaches the threshold, null without a threshold."""

    id: str
    similarity: float
    known: bool | None
    identity: str | None
    camera: str | None
    time: datetime | None
    box: tuple[int, int, int, int] | None
    picture: str | None
    fields: dict[str, str | float | bool | None]


class Ranking(BaseModel):
    """Matches, best first. ``identity``: that of the best match; "unknown" if it has none or is below the threshold.

    ``threshold``: the request's, or else the search threshold at the gallery's size; null if there is neither.
    ``judged_by`` says in words which one it is. ``exact``: every record was compared; else an index chose which.
    """

    identity: str
    known: bool | None
    threshold: float | None
    judged_by: str
    exact: bool
    matches: list[MatchOut]

    @classmethod
    def of(cls, matches: Matches) -> Self:
        """The schema of one query's matches."""
        return cls(
            identity=matches.identity,
            known=matches.known,
            threshold=matches.threshold,
            judged_by=matches.judged_by,
            exact=matches.exact,
            matches=[MatchOut.of(match) for match in matches],
        )


class RecordCreated(BaseModel):
    """The record's id. The same image and box always have the same id, however often they are sent."""

    id: str


class RecordsForgotten(BaseModel):
    """How many records were removed."""

    forgotten: int


class GalleryInfo(_OfValues):
    """The gallery's contents and what the service accepts; ``note``: what users should know about its model.

    ``threshold``: for two images. ``search_threshold``: for the best match of a search; ``judged_by``: the same in
    words. ``explains``: "" if explanations of matches are available, else the reason why they are not.
    ``decides``: proposals of who is who can be decided, on the page at /discover.
    """

    name: str
    records: int
    identities: int
    cameras: list[str]
    earliest: datetime | None
    latest: datetime | None
    fields: dict[str, str]
    model: str
    width: int
    threshold: float | None
    search_threshold: float | None
    judged_by: str
    note: str
    explains: str
    decides: bool
    most_bytes: int
    most_pixels: int


class SeenRecord(BaseModel):
    """A record of a proposal: where and when it was seen."""

    id: str
    identity: str | None = None
    camera: str | None = None
    time: datetime | None = None


class NearbyOut(SeenRecord):
    """The most similar record of another identity, or of none."""

    similarity: float


class ProposalOut(_OfValues):
    """Records that would get another identity, and why; see `reseen gallery discover`.

    ``records`` and ``beside`` are the first of them, ``count`` and ``beside_count`` how many there are. ``probability``
    is null where nothing is calibrated, and for identities to merge or split.
    """

    id: str
    kind: str
    text: str
    identity: str | None
    target: str | None
    count: int
    beside_count: int
    similarity: float
    probability: float | None
    cameras: list[str]
    earliest: datetime | None
    latest: datetime | None
    records: list[SeenRecord]
    beside: list[SeenRecord]
    nearest: list[NearbyOut]


class Proposals(BaseModel):
    """Some of the proposals that wait, the most certain first; ``waiting``: how many there are."""

    waiting: int
    decided: int
    proposals: list[ProposalOut]


class Decided(BaseModel):
    """What was done: accept, refuse or undo; ``name``: the identity that the records got, or lose by undo."""

    what: str
    name: str | None
    proposal: ProposalOut


class Explanation(BaseModel):
    """Why two images match: each image plain and under a map, bright where it raises the similarity.

    Images are data: URLs; ``similarity`` is that of the two images as shown.
    """

    similarity: float
    query: str
    query_map: str
    match: str
    match_map: str
