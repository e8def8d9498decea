"""The output files of an evaluation: a summary as JSON, and a table of its queries."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np
import polars as pl

from reseen.errors import ReseenError
from reseen.files import write_atomically
from reseen.metrics import Estimate, interval
from reseen.metrics.labels import Labels, known
from reseen.metrics.ranking.selection import select
from reseen.metrics.ranking.skipping import skip_reasons
from reseen.metrics.ranking.tracks import by_track
from reseen.tasks.reid.scoring import Evaluated

CONFIDENCE = 0.95
TABLES: Mapping[str, Callable[[pl.DataFrame, IO[bytes]], object]] = MappingProxyType(
    {".csv": pl.DataFrame.write_csv, ".parquet": pl.DataFrame.write_parquet}
)


def intervals_of(result: Evaluated) -> dict[str, Estimate]:
    """The scores' intervals over identities; empty where fewer than two identities have an evaluated query."""
    if _identities(result) < 2:
        return {}
    return interval(result.report, result.query.identities, confidence=CONFIDENCE)


def _identities(result: Evaluated) -> int:
    """How many identities have an evaluated query."""
    return len(np.unique(result.query.identities[~np.isnan(result.report.average_precisions)]))


def summary(result: Evaluated, intervals: Mapping[str, Estimate]) -> dict[str, Any]:
    """The report with its intervals and sizes, ready for JSON."""
    return {
        **result.report.as_dict(),
        "confidence": CONFIDENCE,
        "intervals": {score: {"low": estimate.low, "high": estimate.high} for score, estimate in intervals.items()},
        "queries": len(result.query),
        "gallery": len(result.gallery),
        "width": result.query.width,
        "identities": _identities(result),
    }


def per_query(result: Evaluated) -> pl.DataFrame:
    """A row for each query in order; null for unknown, or not evaluated, for which ``skipped`` has the reason."""
    report, query = result.report, result.query
    selection = select(query, result.gallery, protocol=result.protocol)
    selection = by_track(selection, result.gallery) if result.protocol.tracks else selection
    skipped = np.flatnonzero(np.isnan(report.average_precisions))
    reasons = np.full(len(query), None, dtype=object)
    reasons[skipped] = skip_reasons(selection, skipped)
    columns = {
        "name": _or_nulls(query.names, len(query)),
        "identity": pl.Series(query.identities),
        "camera": _or_nulls(query.cameras, len(query)),
        "average_precision": pl.Series(report.average_precisions).fill_nan(None),
        "first_hit": pl.Series(report.first_hits).replace(0, None),
        "inverse_negative_penalty": pl.Series(report.inverse_negative_penalties).fill_nan(None),
        "skipped": pl.Series(reasons.tolist(), dtype=pl.String),
    }
    return pl.DataFrame(columns)


def write_per_query(path: Path, result: Evaluated) -> None:
    """The table of the queries as CSV or Parquet, by the name's suffix."""
    write = TABLES[path.suffix]
    write_atomically(path, lambda file: write(per_query(result), file))


def require_writable(*, json: Path | None, per_query: Path | None) -> None:
    """Raise ReseenError for output files that cannot be written, before the work is done."""
    for option, path in (("--json", json), ("--per-query", per_query)):
        if path is not None and not path.parent.is_dir():
            raise ReseenError(f"{option} {path}: no folder {path.parent} to write it to; make it first")
    if per_query is not None and per_query.suffix not in TABLES:
        raise ReseenError(f"--per-query {per_query}: expected a name that ends in {' or '.join(TABLES)}")


def _or_nulls(labels: Labels | None, count: int) -> pl.Series:
    if labels is None:
        return pl.Series([None] * count, dtype=pl.String)
    return pl.Series([value if there else None for value, there in zip(labels.tolist(), known(labels), strict=True)])
