"""Reports made of per-query values: what the tests of intervals and comparisons start from."""

import numpy as np

from reseen.metrics import Report


def report_of(average_precisions, *, first_hits=None, penalties=None, protocol="market1501", settings="") -> Report:
    """NaN for a skipped query; first hits and penalties follow the average precisions where they are left out."""
    precisions = np.asarray(average_precisions, dtype=np.float64)
    evaluated = ~np.isnan(precisions)
    if first_hits is None:
        first_hits = np.where(evaluated, np.where(precisions > 0.5, 1, 6), 0)
    penalties = precisions / 2 if penalties is None else np.asarray(penalties, dtype=np.float64)
    hits = np.asarray(first_hits)
    return Report(
        mean_average_precision=float(np.nanmean(precisions)),
        mean_inverse_negative_penalty=float(np.nanmean(penalties)),
        cmc=np.array([np.mean(hits[evaluated] <= rank) for rank in range(1, 51)]),
        average_precisions=precisions,
        inverse_negative_penalties=penalties,
        first_hits=hits,
        evaluated=int(evaluated.sum()),
        skipped={},
        protocol=protocol,
        precision_rule="rectangle",
        settings=settings or f"{protocol}, rectangle average precision",
    )
