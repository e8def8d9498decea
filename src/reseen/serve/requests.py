"""What a request may say beside its picture, checked before anything is done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self, TypeAlias

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, Json, model_validator

from reseen.retrieval.filters import Span, Wanted
from reseen.retrieval.record import Box, FieldValue
from reseen.retrieval.schema import in_utc

Word: TypeAlias = Annotated[str, Field(max_length=200)]
Words: TypeAlias = Annotated[list[Word], Field(max_length=500)]
RecordId: TypeAlias = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="As answers give it.")]


def _spanning(text: str) -> str:
    """The text, if it is four numbers that span something.

    >>> _spanning("0,0,64,32")
    '0,0,64,32'
    """
    left, top, right, bottom = map(int, text.split(","))
    if left >= right or top >= bottom:
        raise ValueError("expected left,top,right,bottom with left < right and top < bottom")
    return text


BoxText: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^\d{1,6}(,\d{1,6}){3}$",
        description="left,top,right,bottom: the part of the upright picture, in pixels.",
    ),
    AfterValidator(_spanning),
]


def _in_utc(time: datetime) -> datetime:
    try:
        return in_utc(time)
    except OverflowError:
        raise ValueError("expected a time that exists in UTC") from None


Moment: TypeAlias = Annotated[datetime, AfterValidator(_in_utc)]


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Cut(_Question):
    """Which part of the picture is meant; all of it without a box."""

    box: BoxText | None = None

    @property
    def corners(self) -> Box | None:
        """Left, top, right, bottom."""
        if self.box is None:
            return None
        left, top, right, bottom = map(int, self.box.split(","))
        return left, top, right, bottom


class Ends(_Question):
    """Numbers from ``low`` to ``high``; either may be left out."""

    low: FiniteFloat | None = None
    high: FiniteFloat | None = None


Value: TypeAlias = bool | FiniteFloat | Word
Fields: TypeAlias = dict[str, Value | list[Value] | Ends]


class Wishes(_Question):
    """Which records may be found, how many, and from which similarity on a match counts as known."""

    k: int = Field(10, description="How many matches at most.")
    camera: Words | None = Field(None, description="Only what these cameras saw; repeatable.")
    after: Moment | None = Field(None, description="From this time on; UTC without a zone.")
    before: Moment | None = Field(None, description="Earlier than this.")
    where: Json[Fields] | None = Field(
        None, description='What fields must hold, as JSON: {"colour": "red", "speed": {"low": 30, "high": 50}}.'
    )
    threshold: float | None = Field(None, ge=-1, le=1, description="Instead of the search threshold.")

    def options(self) -> dict[str, Any]:
        """As `Gallery.search` takes them."""
        fields: Any = self.where
        where: Mapping[str, Wanted] | None = None
        if fields is not None:
            where = {
                name: Span(wish.low, wish.high) if isinstance(wish, Ends) else wish for name, wish in fields.items()
            }
        return {
            "k": self.k,
            "cameras": self.camera,
            "after": self.after,
            "before": self.before,
            "where": where,
            "threshold": self.threshold,
        }


class PictureWishes(Wishes, Cut):
    """`Wishes` about a picture that comes along."""


class Sighting(Cut):
    """What is known of a picture that is to be kept."""

    identity: Word | None = None
    camera: Word | None = None
    time: Moment | None = Field(None, description="UTC without a zone.")
    reference: Word | None = Field(None, description="How the picture is called in answers.")
    fields: Json[dict[str, Value | None]] | None = Field(
        None, description='More that is known of it, as JSON: {"colour": "red"}.'
    )

    def own_fields(self) -> dict[str, FieldValue]:
        """The free fields as a record takes them."""
        fields: Any = self.fields
        return dict(fields or {})


class ToForget(_Question):
    """What is to be forgotten: all that fits everything said."""

    ids: Annotated[list[Annotated[str, Field(pattern="^[0-9a-f]{32}$")]], Field(max_length=10_000)] | None = None
    identity: Word | None = None
    camera: Word | None = None
    before: Moment | None = Field(None, description="What was seen earlier than this; UTC without a zone.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expected ids, an identity, a camera or a time, got none")
        return self


CutQuery: TypeAlias = Annotated[Cut, Query()]
WishesQuery: TypeAlias = Annotated[Wishes, Query()]
PictureWishesQuery: TypeAlias = Annotated[PictureWishes, Query()]
SightingQuery: TypeAlias = Annotated[Sighting, Query()]
