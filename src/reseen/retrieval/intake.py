"""Records on their way into a gallery: told apart by what they show, decoded, cut out, embedded, laid in columns.

N = records, D = width of the vectors.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from reseen.data.opening import DEFAULT_LIMITS, PictureError, open_image, regular_size
from reseen.data.threads import in_threads
from reseen.data.walking import readable
from reseen.errors import ReseenError
from reseen.retrieval.record import Box, Record
from reseen.retrieval.schema import fields_of, in_utc

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder

_THUMBNAIL = 192
_QUALITY = 80

NEEDS_EMBEDDER = "this gallery was opened without an embedder; give it one to add or search pictures"


class Seen(NamedTuple):
    """A record with its id: the same picture and box have the same id, whatever is said of them."""

    place: int
    id: str
    record: Record


class Ready(NamedTuple):
    """A record with its unit vector (D,) and, if it came as a picture, a small JPEG of what was embedded."""

    id: str
    record: Record
    vector: NDArray[np.float32]
    thumbnail: bytes | None


class Shown(NamedTuple):
    """The part of the picture in the record's box, at the network's size, and as a small JPEG.

    A record that has its vector needs no picture for the network, and one without a picture shows nothing.
    """

    prepared: NDArray[np.uint8] | None = None
    thumbnail: bytes | None = None


def content_id(record: Record) -> str:
    """32 hexadecimal digits of SHA-256 over the picture, or the vector and its reference, and the box.

    A file counts by its bytes, a picture in memory by its pixels. Raises PictureError for a file that cannot be read.
    """
    digest = hashlib.sha256()
    picture = record.picture
    name = reference_of(record)
    if name is not None and readable(name) != name:
        raise PictureError(f"{readable(name)}: its name is not UTF-8, which a gallery cannot hold; rename it")
    if picture is None:
        digest.update(repr(record.reference).encode())
        digest.update(np.asarray(record.vector, dtype="<f4").tobytes())
    elif isinstance(picture, str | Path):
        _digest_file(Path(picture), digest)
    elif isinstance(picture, bytes | bytearray | memoryview):
        digest.update(picture)
    else:
        pixels = np.asarray(picture)
        digest.update(f"{pixels.shape} {pixels.dtype.str}".encode())
        digest.update(np.ascontiguousarray(pixels).tobytes())
    digest.update(repr(None if record.box is None else tuple(map(int, record.box))).encode())
    return digest.hexdigest()[:32]


def reference_of(record: Record) -> str | None:
    """How the record's picture is called: as it says, or a path by itself."""
    if record.reference is not None:
        return record.reference
    return str(record.picture) if isinstance(record.picture, str | Path) else None


def made_ready(
    seen: Sequence[Seen], embedder: "Embedder | None", *, width: int
) -> tuple[list[Ready], list[tuple[Seen, str]]]:
    """Records with their vectors, and those that have none with the reason."""
    if embedder is None and any(one.record.vector is None for one in seen):
        raise ReseenError(NEEDS_EMBEDDER)
    looked: list[tuple[Seen, Shown | ReseenError]] = [(one, Shown()) for one in seen if one.record.picture is None]
    pictured = [one for one in seen if one.record.picture is not None]
    looked += in_threads(partial(_shown_by, embedder=embedder), pictured)
    good = [(one, shown) for one, shown in looked if isinstance(shown, Shown)]
    made = _embedded([shown.prepared for _, shown in good if shown.prepared is not None], embedder)
    ready = []
    for one, shown in good:
        vector = next(made) if one.record.vector is None else unit_vectors(one.record.vector, width=width)[0]
        ready.append(Ready(one.id, one.record, vector, shown.thumbnail))
    return ready, [(one, str(reason)) for one, reason in looked if isinstance(reason, ReseenError)]


def _shown_by(seen: Seen, *, embedder: "Embedder | None") -> Shown | ReseenError:
    """What the network sees of the record, or why there is nothing."""
    record = seen.record
    assert record.picture is not None
    try:
        limits = DEFAULT_LIMITS if embedder is None else embedder.limits
        name = reference_of(record) or f"record {seen.place + 1}"
        picture = open_image(record.picture, limits=limits, name=name)
        shown = picture if record.box is None else cut_out(picture, record.box, name=name)
    except ReseenError as error:
        return error
    if embedder is None or record.vector is not None:
        return Shown(None, _thumbnail(shown))
    prepared = embedder.prepare(shown)
    return prepared if isinstance(prepared, ReseenError) else Shown(prepared, _thumbnail(shown))


def _thumbnail(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    pixels = Image.fromarray(np.asarray(small))  # what else a file says, its comment for one, stays with the picture
    pixels.save(buffer, format="JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _embedded(prepared: Sequence[NDArray[np.uint8]], embedder: "Embedder | None") -> Iterator[NDArray[np.float32]]:
    from reseen.retrieval.embedder import BATCH  # it loads PyTorch, which records with vectors do without

    for first in range(0, len(prepared), BATCH):
        assert embedder is not None
        yield from embedder.embed_prepared(prepared[first : first + BATCH])


def unit_vectors(vectors: Any, *, width: int) -> NDArray[np.float32]:
    """(D,) or (N, D) numbers -> (N, D) float32 of length 1. ReseenError for what has no direction."""
    rows = np.atleast_2d(np.asarray(vectors, dtype=np.float32))
    if rows.ndim != 2 or rows.shape[1] != width:
        raise ReseenError(f"expected vectors as (N, {width}), got {' x '.join(map(str, np.shape(vectors)))}")
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        raise ReseenError("expected vectors of finite numbers, not all zero")
    unit: NDArray[np.float32] = (rows / lengths).astype(np.float32)
    return unit


def as_table(ready: Sequence[Ready], *, schema: pa.Schema, fingerprint: str) -> pa.Table:
    """The records as rows of the gallery's table."""
    records = [one.record for one in ready]
    width = schema.field("vector").type.list_size
    vectors = pa.array(np.concatenate([one.vector for one in ready]), pa.float32())
    columns: dict[str, Any] = {
        "id": [one.id for one in ready],
        "vector": pa.FixedSizeListArray.from_arrays(vectors, width),
        "identity": [record.identity for record in records],
        "camera": [record.camera for record in records],
        "time": [None if record.time is None else in_utc(record.time) for record in records],
        "box": [record.box for record in records],
        "picture": [reference_of(record) for record in records],
        "model": [fingerprint] * len(records),
        "thumbnail": [one.thumbnail for one in ready],
    }
    for name, kind in fields_of(schema).items():
        columns[name] = [_as_kind(record.fields, name, kind) for record in records]
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _as_kind(fields: Mapping[str, Any], name: str, kind: pa.DataType) -> Any:
    value = fields.get(name)
    return float(value) if value is not None and kind == pa.float64() else value


def cut_out(picture: Image.Image, box: Box, *, name: str) -> Image.Image:
    """The box of the picture; what of it lies outside is left out. PictureError where it holds nothing of it."""
    left, top, right, bottom = box
    inside = (max(left, 0), max(top, 0), min(right, picture.width), min(bottom, picture.height))
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise PictureError(f"{name}: box {tuple(box)} holds nothing of a picture of {picture.width} x {picture.height}")
    return picture.crop(inside)


def _digest_file(path: Path, digest: "hashlib._Hash") -> None:
    try:
        regular_size(path)
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise PictureError(f"{path}: cannot read the picture: {error.strerror}") from None
