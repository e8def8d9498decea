"""The schema of a gallery's table: its columns, the free fields, and the model whose vectors it holds."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from reseen.deploy.search_threshold import SearchThreshold
from reseen.errors import ReseenError
from reseen.formats import migrated, with_format
from reseen.retrieval.record import FieldValue, Match

_CHANGEABLE = ("identity", "camera", "picture", "time")

SHOWN = ("id", "identity", "camera", "time", "box", "picture")
"""The columns of every answer; free fields follow them. Reading ``model``, which all records of a gallery share, would
take as long as all of these."""

OWN = (*SHOWN, "model", "vector", "thumbnail")

TYPES = MappingProxyType({"string": pa.string(), "number": pa.float64(), "boolean": pa.bool_()})
"""The types of free fields, by the name that users see."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_KEY = {"lance-schema:unenforced-primary-key:position": "1"}
"""Marks the key of the table, by which LanceDB sees that two writers add the same record at the same moment."""

_PREFIX = "reseen."
"""The prefix of our keys in the schema's metadata: format, model, threshold and search_threshold."""


class GalleryModel(NamedTuple):
    """The model whose vectors a gallery holds.

    Attributes:
        fingerprint: The embedder's.
        width: D, the width of the vectors.
        threshold: Similarity from which two images show the same individual, if calibrated.
        search: The threshold of a search, if calibrated.
    """

    fingerprint: str
    width: int
    threshold: float | None = None
    search: SearchThreshold | None = None


def schema_of(model: GalleryModel) -> pa.Schema:
    """The schema of a new gallery, with its format and model in the metadata."""
    metadata = {"model": model.fingerprint}
    if model.threshold is not None:
        metadata["threshold"] = repr(model.threshold)
    if model.search is not None:
        metadata["search_threshold"] = json.dumps(model.search.as_dict())
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False, metadata=_KEY),
            pa.field("vector", pa.list_(pa.float32(), model.width), nullable=False),
            pa.field("identity", pa.string()),
            pa.field("camera", pa.string()),
            pa.field("time", pa.timestamp("us", "UTC")),
            pa.field("box", pa.list_(pa.int32(), 4)),
            pa.field("picture", pa.string()),
            pa.field("model", pa.string(), nullable=False),
            pa.field("thumbnail", pa.binary()),
        ],
        metadata={f"{_PREFIX}{key}": str(value) for key, value in with_format("gallery", metadata).items()},
    )


def model_of(schema: pa.Schema, *, name: str) -> GalleryModel | None:
    """The model of a gallery with this schema; None for a table that is no gallery.

    Raises ReseenError, which begins with the gallery's ``name``, for a gallery that a newer reseen made.
    """
    prefix = _PREFIX.encode()
    ours = {key: value for key, value in (schema.metadata or {}).items() if key.startswith(prefix)}
    values = {key.removeprefix(prefix).decode(): value.decode() for key, value in ours.items()}
    facts = migrated("gallery", values, name=name)
    if "model" not in facts or any(column not in schema.names for column in OWN):
        return None
    threshold, search = facts.get("threshold"), facts.get("search_threshold")
    return GalleryModel(
        facts["model"],
        schema.field("vector").type.list_size,
        None if threshold is None else float(threshold),
        None if search is None else _search_threshold(search, name=name),
    )


def _search_threshold(text: str, *, name: str) -> SearchThreshold:
    try:
        return TypeAdapter(SearchThreshold).validate_json(text)
    except ValidationError:
        raise ReseenError(
            f"{name}: its search threshold cannot be read, got {text[:60]}; a newer reseen may have written it"
        ) from None


def has_key(schema: pa.Schema) -> bool:
    """Whether the table's key is marked; galleries of before have none."""
    return bool({*(schema.field("id").metadata or {})} & {key.encode() for key in _KEY})


def fields_of(schema: pa.Schema) -> dict[str, pa.DataType]:
    """The free fields and their types."""
    return {field.name: field.type for field in schema if field.name not in OWN}


def kind_of(kind: pa.DataType) -> str:
    """The name of a free field's type: string, number or boolean."""
    return next(name for name, known in TYPES.items() if known == kind)


def new_fields(rows: Sequence[Mapping[str, FieldValue]], schema: pa.Schema) -> list[pa.Field]:
    """The columns that these records' fields need and the schema lacks.

    Raises ReseenError for a name that no column can have, and for values of two types in one field.
    """
    known = dict(fields_of(schema))
    before = set(known)
    for row in rows:
        for name, value in row.items():
            if name in _ANSWER or not _NAME.fullmatch(name):
                raise ReseenError(
                    f"field {name!r}: expected a name of lower-case letters, digits and _ that begins with a letter "
                    f"and is none of {', '.join(sorted(_ANSWER))}"
                )
            if value is not None:
                check_value(name, value, known.setdefault(name, _type_of(name, value)))
    return [pa.field(name, kind) for name, kind in known.items() if name not in before]


def check_value(name: str, value: Any, kind: pa.DataType) -> None:
    """Raise ReseenError if ``value`` is not of the field's type."""
    if _type_of(name, value) != kind:
        raise ReseenError(f"field '{name}': expected a {kind_of(kind)}, got {value!r}")


def in_utc(time: datetime) -> datetime:
    """The same moment in UTC; a time without a zone is taken as UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def free_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes of free fields."""
    return {name: value for name, value in changes.items() if name not in _CHANGEABLE}


def changed_values(changes: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """The changes as values of the table. Raises ReseenError for a value of another type than its column's."""
    kinds = fields_of(schema)
    values = dict(changes)
    for name, value in changes.items():
        if value is None:
            continue
        if name == "time":
            if not isinstance(value, datetime):
                raise ReseenError(f"time: expected a date and time, got {value!r}")
            values[name] = in_utc(value).replace(tzinfo=None)
        elif name in _CHANGEABLE:
            check_value(name, value, pa.string())
        else:
            check_value(name, value, kinds[name])
    return values


def match_of(row: Mapping[str, Any], *, similarity: float, threshold: float | None, model: str) -> Match:
    """The match of one row of an answer; ``model``: the fingerprint that all records of its gallery have."""
    return Match(
        id=row["id"],
        similarity=similarity,
        known=None if threshold is None else similarity >= threshold,
        identity=row["identity"],
        camera=row["camera"],
        time=row["time"],
        box=None if row["box"] is None else tuple(row["box"]),
        picture=row["picture"],
        fields={name: value for name, value in row.items() if name not in _ANSWER and value is not None},
        model=model,
    )


_ANSWER = frozenset({*OWN, "query_index", "_distance", "_rowid"})


def _type_of(name: str, value: Any) -> pa.DataType:
    if isinstance(value, bool):
        return TYPES["boolean"]
    if isinstance(value, int | float):
        if not abs(value) <= sys.float_info.max:
            raise ReseenError(f"field '{name}': expected a number that a float can hold, got {value}")
        return TYPES["number"]
    if isinstance(value, str):
        return TYPES["string"]
    raise ReseenError(f"field '{name}': expected a string, a number or a boolean, got {type(value).__name__}")
