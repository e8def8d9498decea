"""Prepares records for a gallery: identifies, decodes, crops and embeds them, and arranges them in columns.

N = records, D = width of the vectors.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from reseen.data.blocks import whole_blocks
from reseen.data.opening import ImageError, regular_size
from reseen.data.threads import cores, in_threads
from reseen.data.walking import readable
from reseen.errors import ReseenError
from reseen.retrieval.parts import open_part
from reseen.retrieval.predicted import Predictions, with_predictions
from reseen.retrieval.record import Record
from reseen.retrieval.schema import fields_of, in_utc

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder

_THUMBNAIL = 192
_QUALITY = 80

NEEDS_EMBEDDER = "this gallery was opened without an embedder; give it one to add or search images"


class IdentifiedRecord(NamedTuple):
    """A record with its position in the input and its id, which depends on the image and the box alone."""

    place: int
    id: str
    record: Record


class EmbeddedRecord(NamedTuple):
    """A record with its unit vector (D,) and, if it has an image, a small JPEG of what was embedded."""

    id: str
    record: Record
    vector: NDArray[np.float32]
    thumbnail: bytes | None


class RecordImage(NamedTuple):
    """A record's image inside its box, ``prepared`` for the network, and as a small JPEG.

    A record with a vector is not prepared, and one without an image has no thumbnail either.
    """

    prepared: NDArray[np.uint8] | None = None
    thumbnail: bytes | None = None


def content_id(record: Record) -> str:
    """32 hexadecimal digits of SHA-256 over the image, or the vector and its reference, and the box.

    Of a file the bytes count, of an image in memory the pixels. Raises PictureError for a file that cannot be read.
    """
    digest = hashlib.sha256()
    image = record.picture
    name = reference_of(record)
    if name is not None and readable(name) != name:
        raise ImageError(f"{readable(name)}: its name is not UTF-8, which a gallery cannot hold; rename it")
    if image is None:
        digest.update(repr(record.reference).encode())
        digest.update(np.asarray(record.vector, dtype="<f4").tobytes())
    elif isinstance(image, str | Path):
        _digest_file(Path(image), digest)
    elif isinstance(image, bytes | bytearray | memoryview):
        digest.update(image)
    else:
        pixels = np.asarray(image)
        digest.update(f"{pixels.shape} {pixels.dtype.str}".encode())
        digest.update(np.ascontiguousarray(pixels).tobytes())
    digest.update(repr(None if record.box is None else tuple(map(int, record.box))).encode())
    return digest.hexdigest()[:32]


def reference_of(record: Record) -> str | None:
    """The name of the record's image: its reference, or its path."""
    if record.reference is not None:
        return record.reference
    return str(record.picture) if isinstance(record.picture, str | Path) else None


def embed_records(
    entries: Sequence[IdentifiedRecord],
    embedder: "Embedder | None",
    *,
    width: int,
    attributes: bool = False,
    threads: int | None = None,
) -> tuple[list[EmbeddedRecord], list[tuple[IdentifiedRecord, str]]]:
    """The records with their vectors, and those that cannot be embedded with the reason.

    With ``attributes`` those that have no value for an attribute get the predicted one. ``threads`` open the images.
    """
    if embedder is None and any(entry.record.vector is None for entry in entries):
        raise ReseenError(NEEDS_EMBEDDER)
    if attributes:
        _refuse_vectors(entries)
    opened: list[tuple[IdentifiedRecord, RecordImage | ReseenError]] = [
        (entry, RecordImage()) for entry in entries if entry.record.picture is None
    ]
    with_image = [entry for entry in entries if entry.record.picture is not None]
    with whole_blocks():
        threads = cores() if threads is None else threads
        opened += in_threads(partial(_open_record, embedder=embedder), with_image, threads=threads)
    good = [(entry, image) for entry, image in opened if isinstance(image, RecordImage)]
    prepared = [image.prepared for _, image in good if image.prepared is not None]
    made = _embed(prepared, embedder, attributes=attributes)
    embedded = []
    for entry, image in good:
        record = entry.record
        if record.vector is None:
            vector, predictions = next(made)
            record = replace(record, fields=with_predictions(record.fields, predictions)) if attributes else record
        else:
            vector = unit_vectors(record.vector, width=width)[0]
        embedded.append(EmbeddedRecord(entry.id, record, vector, image.thumbnail))
    return embedded, [(entry, str(error)) for entry, error in opened if isinstance(error, ReseenError)]


def _open_record(entry: IdentifiedRecord, *, embedder: "Embedder | None") -> RecordImage | ReseenError:
    """The record's image, or the error of one that cannot be opened."""
    record = entry.record
    assert record.picture is not None
    try:
        name = reference_of(record) or f"record {entry.place + 1}"
        if embedder is None:
            image = open_part(record.picture, record.box, name=name)
        else:
            image = embedder.open(record.picture, box=record.box, name=name, least=_THUMBNAIL)
    except ReseenError as error:
        return error
    if embedder is None or record.vector is not None:
        return RecordImage(None, _thumbnail(image))
    prepared = embedder.prepare(image)
    return prepared if isinstance(prepared, ReseenError) else RecordImage(prepared, _thumbnail(image))


def _thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    pixels = Image.fromarray(np.asarray(small))  # without the file's other contents, such as its comment
    pixels.save(buffer, format="JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _refuse_vectors(entries: Sequence[IdentifiedRecord]) -> None:
    for entry in entries:
        if entry.record.vector is not None:
            name = reference_of(entry.record) or f"record {entry.place + 1}"
            raise ReseenError(
                f"attributes: {name} comes with its vector, and attributes are predicted while an image is embedded; "
                "add the image without the vector, or no attributes"
            )


def _embed(
    prepared: Sequence[NDArray[np.uint8]], embedder: "Embedder | None", *, attributes: bool
) -> Iterator[tuple[NDArray[np.float32], Predictions]]:
    """The vector of each image, with its predicted ``attributes`` where they are asked for."""
    from reseen.retrieval.embedder import BATCH  # it loads PyTorch, which records with vectors do not need

    for first in range(0, len(prepared), BATCH):
        assert embedder is not None
        batch = prepared[first : first + BATCH]
        if attributes:
            yield from zip(*embedder.describe_prepared(batch), strict=True)
        else:
            yield from ((vector, {}) for vector in embedder.embed_prepared(batch))


def unit_vectors(vectors: Any, *, width: int) -> NDArray[np.float32]:
    """(D,) or (N, D) numbers -> (N, D) float32 of length 1. Raises ReseenError for zeros and infinite numbers."""
    rows = np.atleast_2d(np.asarray(vectors, dtype=np.float32))
    if rows.ndim != 2 or rows.shape[1] != width:
        raise ReseenError(f"expected vectors as (N, {width}), got {' x '.join(map(str, np.shape(vectors)))}")
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        raise ReseenError("expected vectors of finite numbers, not all zero")
    unit: NDArray[np.float32] = (rows / lengths).astype(np.float32)
    return unit


def as_table(embedded: Sequence[EmbeddedRecord], *, schema: pa.Schema, fingerprint: str) -> pa.Table:
    """The records as rows of the gallery's table."""
    records = [entry.record for entry in embedded]
    width = schema.field("vector").type.list_size
    vectors = pa.array(np.concatenate([entry.vector for entry in embedded]), pa.float32())
    columns: dict[str, Any] = {
        "id": [entry.id for entry in embedded],
        "vector": pa.FixedSizeListArray.from_arrays(vectors, width),
        "identity": [record.identity for record in records],
        "camera": [record.camera for record in records],
        "time": [None if record.time is None else in_utc(record.time) for record in records],
        "box": [record.box for record in records],
        "picture": [reference_of(record) for record in records],
        "model": [fingerprint] * len(records),
        "thumbnail": [entry.thumbnail for entry in embedded],
    }
    for name, kind in fields_of(schema).items():
        columns[name] = [_as_kind(record.fields, name, kind) for record in records]
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _as_kind(fields: Mapping[str, Any], name: str, kind: pa.DataType) -> Any:
    value = fields.get(name)
    return float(value) if value is not None and kind == pa.float64() else value


def _digest_file(path: Path, digest: "hashlib._Hash") -> None:
    try:
        regular_size(path)
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise ImageError(f"{path}: cannot read the image: {error.strerror}") from None
