"""Filters of records as LanceDB expressions. Values become literals, never parts of a query's text."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
from lancedb.expr import Expr, col, lit

from reseen.errors import ReseenError, unknown
from reseen.retrieval.schema import check_value, fields_of, in_utc


class Span(NamedTuple):
    """Numbers from ``low`` to ``high``, both included; None leaves an end open."""

    low: float | None = None
    high: float | None = None


FieldFilter: TypeAlias = str | float | bool | Sequence[str | float | bool] | Span
"""A value that a column must hold, several of which it must hold one, or a span of numbers."""

_ALLOWED = {"identity": pa.string(), "picture": pa.string(), "id": pa.string()}


def condition(
    schema: pa.Schema,
    *,
    cameras: Sequence[str] | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    where: Mapping[str, FieldFilter] | None = None,
) -> Expr | None:
    """All filters combined, or None without any. ``after`` is included, ``before`` is not.

    ``where``: identity, image, id or a free field, and what it must hold. An empty column never matches.
    Raises ReseenError for a field that no record has, and for a value of another type than the field's.
    """
    parts: list[Expr] = []
    if cameras is not None:
        parts.append(one_of("camera", cameras))
    if after is not None:
        parts.append(col("time") >= lit(in_utc(after)))
    if before is not None:
        parts.append(col("time") < lit(in_utc(before)))
    for name, wanted in (where or {}).items():
        parts.extend(_field_conditions(name, wanted, {**_ALLOWED, **fields_of(schema)}))
    return reduce(operator.and_, parts) if parts else None


def one_of(column: str, values: Iterable[str | float | bool]) -> Expr:
    """The column holds one of the values."""
    literals = [lit(value) for value in values]
    return col(column).isin(literals) if literals else lit(value=False)


def _field_conditions(name: str, wanted: FieldFilter, columns: Mapping[str, pa.DataType]) -> list[Expr]:
    if name not in columns:
        raise ReseenError(unknown("field", name, columns))
    kind = columns[name]
    if isinstance(wanted, Span):
        ends = [value for value in wanted if value is not None]
        for value in ends:
            check_value(name, value, kind)
        low = [] if wanted.low is None else [col(name) >= lit(float(wanted.low))]
        return low if wanted.high is None else [*low, col(name) <= lit(float(wanted.high))]
    values: Sequence[Any] = wanted if isinstance(wanted, Sequence) and not isinstance(wanted, str) else [wanted]
    for value in values:
        check_value(name, value, kind)
    return [one_of(name, [float(value) if kind == pa.float64() else value for value in values])]
