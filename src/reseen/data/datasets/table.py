"""A CSV or Parquet table with one row an image: path, identity, and as far as known camera, view, split.

Relative paths start at the table's own folder. An empty camera or view is unknown. ``split`` says train,
query or gallery, or train and test: then, as without the column, the rest is split by ``splitting``. Other
columns are kept as they are.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import polars

from reseen.data.datasets.layout import About, Layout
from reseen.data.datasets.splitting import split_identities, split_queries
from reseen.data.table import COLUMNS, Split, Splits, first
from reseen.errors import ReseenError, unknown

EXPECTS = "a .csv or .parquet file, or a folder with exactly one, of columns path, identity[, camera, view, split]"
_SUFFIXES = (".csv", ".parquet")
_REQUIRED = ("path", "identity")
_OPTIONAL = ("camera", "view", "split")
PARTS = ("train", "query", "gallery", "test")
"""The values of a split column; test is divided into query and gallery here."""


def recognise(path: Path) -> bool:
    """Whether this is a table or a folder with exactly one."""
    return len(find_tables(path)) == 1


def read(path: Path, seed: int) -> Splits:
    """The tables of a CSV or Parquet file, split as its ``split`` column or ``seed`` says."""
    table = the_table(path, EXPECTS)
    frame = _rows(table)
    parts = _parts(frame, table)
    return Splits("table", table.parent, *divide(frame.drop("split", strict=False), parts, seed=seed))


def find_tables(path: Path) -> list[Path]:
    """The CSV and Parquet files right in a folder, or the file itself."""
    files = path.iterdir() if path.is_dir() else [path]
    named = (file for file in files if file.suffix.lower() in _SUFFIXES and not file.name.startswith("."))
    return sorted(file for file in named if file.is_file())


def the_table(path: Path, expects: str) -> Path:
    """The only table there. ReseenError when there is none, or several."""
    tables = find_tables(path)
    if len(tables) != 1:
        raise ReseenError(f"{path}: expected {expects}, got {len(tables)} tables")
    return tables[0]


def load_table(table: Path) -> polars.DataFrame:
    """All rows and columns, those of a CSV as strings. ReseenError for an unreadable table or two columns of a name."""
    try:
        if table.suffix.lower() == ".parquet":
            return polars.read_parquet(table, glob=False)
        _check_once(table)
        return polars.read_csv(table, infer_schema=False, encoding="utf8", glob=False)
    except (polars.exceptions.PolarsError, OSError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ReseenError(f"{table}: cannot read the table: {reason}") from None


def _check_once(table: Path) -> None:
    """Polars would rename the second column of a name."""
    header = polars.read_csv(table, has_header=False, n_rows=1, infer_schema=False, glob=False).row(0)
    names = [name.removeprefix("\ufeff") for name in header if name]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ReseenError(f"{table}: more than one column is named {first(twice)}; rename or remove all but one")


def as_names(column: polars.Series) -> polars.Series:
    """Names as strings: whole floats without their .0, no spaces around, null for what is empty."""
    if column.dtype.is_float() and (column.drop_nulls() == column.drop_nulls().round()).all():
        column = column.cast(polars.Int64)
    text = column.cast(polars.String).str.strip_chars()
    return text.set(text == "", None)


def as_rows(frame: polars.DataFrame, table: Path) -> polars.DataFrame:
    """COLUMNS first, null where unknown, paths absolute. ReseenError for missing images."""
    absent = [name for name in COLUMNS if name not in frame.columns]
    frame = frame.with_columns(polars.lit(None, dtype=polars.String).alias(name) for name in absent)
    paths = [str((table.parent / path).absolute()) for path in frame["path"]]
    missing = [name for name, path in zip(frame["path"], paths, strict=True) if not Path(path).is_file()]
    if missing:
        raise ReseenError(f"{table}: {len(missing)} of {len(paths)} listed files do not exist: {first(missing)}")
    frame = frame.with_columns(polars.Series("path", paths, dtype=polars.String))
    return frame.select(*COLUMNS, polars.exclude(*COLUMNS))


def divide(frame: polars.DataFrame, parts: polars.Series | None, *, seed: int) -> tuple[Split, Split, Split]:
    """Train, query and gallery by each row's part, one of ``PARTS``; without parts, by identity and seed."""
    if parts is None:
        train, test = split_identities(Split(frame), seed=seed)
        return train, *split_queries(test, seed=seed)
    of = {name: Split(frame.filter(parts == name)) for name in PARTS}
    query, gallery = split_queries(of["test"], seed=seed) if len(of["test"]) else (of["query"], of["gallery"])
    return of["train"], query, gallery


def _rows(table: Path) -> polars.DataFrame:
    """The rows, columns checked and named."""
    frame = load_table(table)
    _check_columns(frame.columns, table)
    if frame.is_empty():
        raise ReseenError(f"{table}: expected a row per image, got none")
    known = [name for name in (*COLUMNS, "split") if name in frame.columns]
    frame = frame.with_columns(as_names(frame[name]) for name in known)
    for name in _REQUIRED:
        refuse_rows(frame[name].is_null(), table, f"rows without {name}")
    return as_rows(frame, table)


def _check_columns(columns: Sequence[str], table: Path) -> None:
    for name in _REQUIRED:
        if name not in columns:
            raise ReseenError(f"{table}: {unknown('column', name, columns)}")
    extra = [name for name in columns if name not in (*COLUMNS, "split")]
    for name in _OPTIONAL:
        near = [] if name in columns else get_close_matches(name, extra, n=1, cutoff=0.75)
        if near:
            raise ReseenError(f"{table}: no column '{name}', but one named '{near[0]}'; rename it")


def _parts(frame: polars.DataFrame, table: Path) -> polars.Series | None:
    """Each row's part of the split, or None when the table leaves that to us."""
    if "split" not in frame.columns:
        return None
    parts = frame["split"]
    refuse_rows(parts.is_null(), table, "rows without split")
    for part in parts.unique().sort():
        if part not in PARTS:
            raise ReseenError(f"{table}: {unknown('split', part, PARTS)}")
    values = set(parts)
    if "test" in values and values & {"query", "gallery"}:
        raise ReseenError(f"{table}: expected split to say test, or query and gallery, got both")
    if ("query" in values) != ("gallery" in values):
        lone, other = ("query", "gallery") if "query" in values else ("gallery", "query")
        raise ReseenError(f"{table}: got {lone} rows but no {other} rows")
    return parts


def refuse_rows(bad: polars.Series, table: Path, what: str) -> None:
    """Raise ReseenError with the numbers of the ``bad`` rows, if there are any; ``what`` is wrong with them."""
    if bad.any():
        rows = [str(number + 2) for number in bad.arg_true()]
        raise ReseenError(f"{table}: {len(rows)} {what}, counting the header as row 1: {first(rows)}")


LAYOUT = Layout(
    recognise,
    read,
    EXPECTS,
    About("images of your own, in a table", "any", source="you", access="yours", licence="yours"),
)
