"""What the service answers, as its OpenAPI description tells it."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from pydantic import BaseModel

from reseen.retrieval.record import Match, Matches


class Health(BaseModel):
    """The service is up."""

    status: str = "ok"


class Vector(BaseModel):
    """``vector`` of length 1; ``model``: the fingerprint of what made it."""

    vector: list[float]
    model: str


class Found(BaseModel):
    """A record and its cosine similarity; ``known``: whether that reaches the threshold, null where there is none."""

    id: str
    similarity: float
    known: bool | None
    identity: str | None
    camera: str | None
    time: datetime | None
    box: tuple[int, int, int, int] | None
    picture: str | None
    fields: dict[str, str | float | bool | None]

    @classmethod
    def of(cls, match: Match) -> Self:
        """One row."""
        return cls(**{name: getattr(match, name) for name in cls.model_fields})


class Ranking(BaseModel):
    """Best first. ``identity``: the best one's; "unknown" where it has none or falls short of the threshold.

    ``threshold``: of a search in a gallery of this size, or as the request said, null where none is known;
    ``judged_by`` says which.
    """

    identity: str
    known: bool | None
    threshold: float | None
    judged_by: str
    matches: list[Found]

    @classmethod
    def of(cls, matches: Matches) -> Self:
        """One query's."""
        return cls(
            identity=matches.identity,
            known=matches.known,
            threshold=matches.threshold,
            judged_by=matches.judged_by,
            matches=[Found.of(match) for match in matches],
        )


class Kept(BaseModel):
    """The record's id: the same picture and box have the same one, however often they are sent."""

    id: str


class Forgotten(BaseModel):
    """How many records were there and are gone."""

    forgotten: int


class About(BaseModel):
    """The gallery and what may be asked of it; ``note``: what a user should be told of its model.

    ``search_threshold``: what matches are judged by, and ``judged_by``: the same in words; ``threshold`` is for two
    pictures.
    ``explains``: "" if `explanation` works, else why it does not.
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
    most_bytes: int
    most_pixels: int


class Explanation(BaseModel):
    """What made two pictures alike: each picture, and the same under a map, bright where it speaks for the match.

    Pictures are data: URLs; ``similarity`` is that of the two pictures as they are shown.
    """

    similarity: float
    query: str
    query_map: str
    match: str
    match_map: str


def in_order(names: Iterable[str]) -> list[str]:
    """Camera 2 before camera 10.

    >>> in_order(["c10", "c2"])
    ['c2', 'c10']
    """
    return sorted(names, key=_numbers_apart)


def _numbers_apart(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
