"""Queries without a match: why each has none, how many for each reason, and the error when no query has one."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.array_types import Bools, Indices
from reseen.metrics.embedded import Embedded
from reseen.metrics.kernels.ragged import cut
from reseen.metrics.labels import Labels
from reseen.metrics.ranking.selection import Selection

JUNK = "junk identity"
ABSENT = "identity not in the gallery"
OWN_CAMERA = "matches from its own camera only"
OWN_IMAGE = "no match but the image itself"
DRAWN = "drawn into the gallery of every trial"
SKIP_REASONS = (JUNK, ABSENT, OWN_CAMERA, OWN_IMAGE, DRAWN)

_PAIRS = 2_000_000
"""Pairs of a query and an entry of its identity that are compared at once."""


def have_match(selection: Selection, queries: Indices) -> Bools:
    """(n,) -> (n,) True where the labels leave a query a match."""
    matched = np.zeros(len(queries), dtype=np.bool_)
    for part in cut(selection.groups.length[queries], limit=_PAIRS):
        matched[part] = np.isin(queries[part], selection.matches(queries[part]).queries)
    return matched


def count_skipped(selection: Selection, queries: Indices) -> dict[str, int]:
    """(n,) queries that were not evaluated -> how many for each reason."""
    counts = Counter(skip_reasons(selection, queries).tolist())
    return {reason: counts[reason] for reason in SKIP_REASONS if counts[reason]}


def nothing_valid(selection: Selection, query: Embedded) -> str:
    """One line that says why no query has a match, with the identities and cameras concerned."""
    reasons = skip_reasons(selection, np.arange(len(query)))
    clauses = []
    for reason in SKIP_REASONS:
        skipped = reasons == reason
        if not skipped.any():
            continue
        cause = f"identities {_first_few(query.identities[skipped])}"
        if reason == OWN_CAMERA and query.cameras is not None:
            cause += f"; cameras {_first_few(query.cameras[skipped])}"
        clauses.append(f"{skipped.sum()} with {reason} ({cause})")
    name = selection.protocol.name
    return f"none of {len(query)} queries has a valid match under '{name}': {', '.join(clauses)}"


def skip_reasons(selection: Selection, queries: Indices) -> NDArray[np.str_]:
    """(n,) queries that were not evaluated -> (n,) of ``SKIP_REASONS``."""
    dropped = OWN_CAMERA if selection.protocol.drop_same_camera else OWN_IMAGE
    absent = selection.groups.length[queries] == 0
    conditions = [selection.query_junk[queries], absent, ~have_match(selection, queries)]
    return np.select(conditions, [JUNK, ABSENT, dropped], default=DRAWN)


def _first_few(values: Labels, *, count: int = 5) -> str:
    names = [str(value) for value in np.unique(values)]
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return f"{', '.join(names[:count])}{more}"
