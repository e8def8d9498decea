"""A frame of wildlife-datasets (Cermak et al., WACV 2024) kept as CSV or Parquet: a row an animal in an image.

Columns: identity, path (from the table's own folder), image_id or species, and as far as known camera, orientation
(which becomes the view), split, date and others, which are kept. ``split`` may say train, val (read as train), test,
database and query, and so may ``original_split`` where that is missing; otherwise half of the identities are for
testing. Rows that cannot be used are left out and noted: an unknown identity, and an image of several animals, since
images are taken whole.
"""

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import polars

from reseen.data.datasets.layout import About, Layout
from reseen.data.datasets.table import as_names, as_rows, divide, find_tables, load_table, the_table
from reseen.data.table import Splits, first
from reseen.errors import ReseenError

EXPECTS = "a .csv or .parquet file, or a folder with exactly one, of columns identity, path, and image_id or species"
_REQUIRED = ("identity", "path")
_TELLING = ("image_id", "species")
_VIEWS = ("view", "orientation", "position", "viewpoint")
_PART = MappingProxyType(
    {
        **dict.fromkeys(("train", "val", "valid", "validation"), "train"),
        **dict.fromkeys(("gallery", "database"), "gallery"),
        "query": "query",
        "test": "test",
    }
)
_NOBODY = "unknown"


class _UsableRows(NamedTuple):
    frame: polars.DataFrame
    notes: tuple[str, ...]


def recognise(path: Path) -> bool:
    """Whether this is a table, or a folder with exactly one, of these columns."""
    tables = find_tables(path)
    columns = _columns(tables[0]) if len(tables) == 1 else ()
    return set(_REQUIRED) <= set(columns) and any(name in columns for name in _TELLING)


def read(path: Path, seed: int) -> Splits:
    """The tables of such a frame, split as it says or by ``seed``."""
    table = the_table(path, EXPECTS)
    frame = load_table(table)
    missing = [name for name in _REQUIRED if name not in frame.columns]
    if missing:
        raise ReseenError(f"{table}: expected {EXPECTS}; got none named {', '.join(missing)}")
    kept = _usable(_named(frame), table)
    parts, notes = _parts(kept.frame, table)
    rows = as_rows(kept.frame.drop("split", strict=False), table)
    return Splits("wildlife", table.parent, *divide(rows, parts, seed=seed), notes=(*kept.notes, *notes))


def _columns(table: Path) -> Sequence[str]:
    try:
        if table.suffix.lower() == ".parquet":
            return polars.scan_parquet(table, glob=False).collect_schema().names()
        return polars.read_csv(table, n_rows=0, infer_schema=False, encoding="utf8", glob=False).columns
    except (polars.exceptions.PolarsError, OSError):
        return ()


def _named(frame: polars.DataFrame) -> polars.DataFrame:
    """Our names for the columns that have a meaning here, and their entries as names."""
    if "split" not in frame.columns and "original_split" in frame.columns:
        words = set(as_names(frame["original_split"]).fill_null("").str.to_lowercase())
        frame = frame.rename({"original_split": "split"} if words <= set(_PART) else {})
    view = next((name for name in _VIEWS if name in frame.columns), "view")
    frame = frame.rename({view: "view"}, strict=False)
    known = [name for name in ("path", "identity", "camera", "view", "split") if name in frame.columns]
    return frame.with_columns(as_names(frame[name]) for name in known)


def _usable(frame: polars.DataFrame, table: Path) -> _UsableRows:
    known = (frame["identity"].is_not_null() & (frame["identity"].str.to_lowercase() != _NOBODY)).fill_null(value=False)
    named = frame.filter(known & frame["path"].is_not_null())
    several = named.group_by("path").agg(polars.col("identity").n_unique()).filter(polars.col("identity") > 1)["path"]
    alone = named.filter(~polars.col("path").is_in(several.to_list()))
    kept = alone.unique("path", keep="first", maintain_order=True)
    if kept.is_empty():
        raise ReseenError(f"{table}: expected a row per image of a known animal, got none among {frame.height} rows")
    counts = {
        "without a path or a known identity are left out": frame.height - named.height,
        f"of images with several animals are left out, {first(sorted(several))}": named.height - alone.height,
        "that name an image again are left out": alone.height - kept.height,
        "have a bounding box, which is not applied: images are taken whole": _boxed(kept),
    }
    return _UsableRows(kept, tuple(f"{count} of {frame.height} rows {what}" for what, count in counts.items() if count))


def _boxed(frame: polars.DataFrame) -> int:
    return frame.height - frame["bbox"].null_count() if "bbox" in frame.columns else 0


def _parts(frame: polars.DataFrame, table: Path) -> tuple[polars.Series | None, tuple[str, ...]]:
    """Each row's part and what to note of it; no parts when the frame leaves them to us."""
    if "split" not in frame.columns or frame["split"].null_count() == frame.height:
        return None, ()
    words = sorted(frame["split"].fill_null("").str.to_lowercase().unique())
    strange = [word or "(empty)" for word in words if word not in _PART]
    if strange:
        raise ReseenError(f"{table}: expected split to say {', '.join(_PART)}, got {first(strange)}")
    parts = frame["split"].str.to_lowercase().replace_strict(_PART)
    values = set(parts)
    if "test" in values and values & {"query", "gallery"}:
        raise ReseenError(f"{table}: expected split to say test, or query and database, got both")
    if values in ({"query"}, {"gallery"}):
        return None, (f"all known identities are of split {words[0]}: they are split here by identity",)
    if ("query" in values) != ("gallery" in values):
        raise ReseenError(f"{table}: expected query and database rows, got only {', '.join(words)}")
    return parts, ()


LAYOUT = Layout(
    recognise,
    read,
    EXPECTS,
    About(
        title="frames of wildlife-datasets",
        task="animal",
        source="Cermak et al., WildlifeDatasets: An open-source toolkit for animal re-identification, WACV 2024",
        access="each set from its own page (github.com/WildlifeDatasets/wildlife-datasets)",
        licence="each set has its own, which the library names",
    ),
    protocol="wildlife",
    same_camera_counts=True,
)
