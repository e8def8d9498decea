"""Schemas of requests: query parameters and bodies, checked before any work is done."""

from datetime import datetime
from typing import Annotated, Any, Self, TypeAlias

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, Json, model_validator

from reseen.retrieval.filters import FieldFilter, Span
from reseen.retrieval.record import Box, FieldValue
from reseen.retrieval.schema import in_utc

_ID = "^[0-9a-f]{32}$"

Text: TypeAlias = Annotated[str, Field(max_length=200)]
Texts: TypeAlias = Annotated[list[Text], Field(max_length=500)]
RecordId: TypeAlias = Annotated[str, Path(pattern=_ID, description="The id that answers give.")]
ProposalId: TypeAlias = Annotated[str, Path(pattern="^[0-9a-f]{8}$", description="The id that proposals give.")]
OtherRecordId: TypeAlias = Annotated[str, Query(pattern=_ID, description="The id of the other record.")]


def _check_corners(text: str) -> str:
    """The text, if it is a box that is not empty.

    >>> _check_corners("0,0,64,32")
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
        description="left,top,right,bottom in pixels of the upright image; right and bottom are excluded.",
    ),
    AfterValidator(_check_corners),
]


def _in_utc(time: datetime) -> datetime:
    try:
        return in_utc(time)
    except OverflowError:
        raise ValueError("expected a time that exists in UTC") from None


Time: TypeAlias = Annotated[datetime, AfterValidator(_in_utc)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BoxParams(_Strict):
    """The part of the image to use; the whole image without a box."""

    box: BoxText | None = None

    @property
    def corners(self) -> Box | None:
        """Left, top, right, bottom."""
        if self.box is None:
            return None
        left, top, right, bottom = map(int, self.box.split(","))
        return left, top, right, bottom


class Range(_Strict):
    """Numbers from ``low`` to ``high``, both included; a missing end is open."""

    low: FiniteFloat | None = None
    high: FiniteFloat | None = None


Value: TypeAlias = bool | FiniteFloat | Text
Fields: TypeAlias = dict[str, Value | list[Value] | Range]


class SearchParams(_Strict):
    """Filters of a search, the number of matches, and the threshold."""

    k: int = Field(10, description="The largest number of matches.")
    camera: Texts | None = Field(None, description="Only records of these cameras; repeatable.")
    after: Time | None = Field(None, description="Only records from this time on; UTC without a zone.")
    before: Time | None = Field(None, description="Only records before this time.")
    where: Json[Fields] | None = Field(
        None,
        description='Only records with these fields, as JSON: {"colour": "red", "speed": {"low": 30, "high": 50}}.',
    )
    threshold: float | None = Field(
        None, ge=-1, le=1, description="Similarity from which a match is known, instead of the search threshold."
    )
    exact: bool = Field(default=False, description="Compare every record, also where there is an approximate index.")

    def options(self) -> dict[str, Any]:
        """The keyword arguments of `Gallery.search`."""
        fields: Any = self.where
        where: dict[str, FieldFilter] | None = None
        if fields is not None:
            where = {
                name: Span(value.low, value.high) if isinstance(value, Range) else value
                for name, value in fields.items()
            }
        return {
            "k": self.k,
            "cameras": self.camera,
            "after": self.after,
            "before": self.before,
            "where": where,
            "threshold": self.threshold,
            "exact": self.exact,
        }


class ImageSearchParams(SearchParams, BoxParams):
    """`SearchParams` of a search by an image in the request's body."""


class RecordParams(BoxParams):
    """The columns of a record to add; its image is the request's body."""

    identity: Text | None = None
    camera: Text | None = None
    time: Time | None = Field(None, description="UTC without a zone.")
    reference: Text | None = Field(None, description="The name of the image in answers.")
    fields: Json[dict[str, Value | None]] | None = Field(
        None, description='Further fields of the record, as JSON: {"colour": "red"}.'
    )

    def field_values(self) -> dict[str, FieldValue]:
        """The free fields of the record."""
        fields: Any = self.fields
        return dict(fields or {})


class ForgetParams(_Strict):
    """Which records to forget: those that meet every condition."""

    ids: Annotated[list[Annotated[str, Field(pattern=_ID)]], Field(max_length=10_000)] | None = None
    identity: Text | None = None
    camera: Text | None = None
    before: Time | None = Field(None, description="Records before this time; UTC without a zone.")

    @model_validator(mode="after")
    def _require_a_condition(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expected ids, an identity, a camera or a time, got none")
        return self


class AcceptParams(_Strict):
    """The identity that the records of a proposal get; the proposal's own, or a new one, if left out."""

    name: Text | None = None


class PageParams(_Strict):
    """Which of the proposals that wait."""

    first: int = Field(0, ge=0, description="How many to leave out.")
    count: int = Field(100, ge=1, le=1000, description="The most to give.")


PageQuery: TypeAlias = Annotated[PageParams, Query()]
BoxQuery: TypeAlias = Annotated[BoxParams, Query()]
SearchQuery: TypeAlias = Annotated[SearchParams, Query()]
ImageSearchQuery: TypeAlias = Annotated[ImageSearchParams, Query()]
RecordQuery: TypeAlias = Annotated[RecordParams, Query()]
