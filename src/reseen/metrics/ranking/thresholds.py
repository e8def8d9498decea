"""Counting against thresholds: how many values of a row are over each, and which are too close to call.

A query's thresholds are the similarities of its matches, best first. b = queries of a tile, c = its entries, p = all
thresholds of its queries, one query after the other, n = values too close to call. Compiled by numba when first called.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.kernels.compiled import compiled
from reseen.metrics.kernels.kernels import Double, Single, Whole

_CHUNK = 512
"""Values looked at together: they stay in the first cache while one threshold after the other passes over them."""

_NOOK = 32
"""Values looked at one by one, once it is known that one of them is too close to call."""

SEARCH_FROM = 256
"""Thresholds from which a search among them is quicker than a pass for each."""


class Thresholds(NamedTuple):
    """The p thresholds of b queries, best first, equal ones in gallery order.

    ``first`` (b + 1,) where each query's begin; ``entries`` (p,) the matches; ``similarity`` (p,) exact. A float32
    value under ``low`` (p,) is certainly less similar, one over ``high`` (p,) certainly more.
    """

    first: Whole
    entries: Whole
    similarity: Double
    low: Single
    high: Single


class Contested(NamedTuple):
    """n values too close to a threshold to call.

    ``queries`` (n,) and ``columns`` (n,) say where they stand; ``counted_from`` (n,) is the first threshold, as a place
    among the p, that has counted the value as more similar already.
    """

    queries: Whole
    columns: Whole
    values: Single
    counted_from: Whole


class Tally(NamedTuple):
    """What was counted against p thresholds.

    ``certain`` (p,) values that are certainly more similar. The others (p + 1,) are steps, whose running sums are
    the contested values that turned out more similar, as similar, and as similar but earlier in the gallery.
    """

    certain: Whole
    above: Whole
    tied: Whole
    earlier: Whole


@compiled()
def count(values: Single, thresholds: Thresholds, *, first: Whole, tally: Tally) -> Contested:
    """(b, c) -> adds to ``tally.certain`` the values over each threshold and returns those too close to call.

    ``first`` (b + 1,) is the part of ``thresholds.first`` that belongs to these queries.
    """
    found, used = _room(0), 0
    for query in range(len(values)):
        begin, end = first[query], first[query + 1]
        if used + values.shape[1] > len(found.values):
            found = _grown(found, used, used + values.shape[1])
        row = _Row(values[query], thresholds.low[begin:end], thresholds.high[begin:end], tally.certain[begin:end])
        free = _part(found, used, len(found.values))
        close = _count_by_passes(row, free) if end - begin < SEARCH_FROM else _count_by_search(row, free)
        free.queries[:close] = query
        free.counted_from[:close] += begin
        used += close
    return _part(found, 0, used)


class _Row(NamedTuple):
    """One query's values, and the bounds and counts of its thresholds."""

    values: Single
    low: Single
    high: Single
    counted: Whole


@compiled()
def _count_by_passes(row: _Row, free: Contested) -> int:
    """One pass over each chunk for each threshold, from the worst up to the first that nothing reaches.

    Fills ``free`` with what is too close to call and returns how much that is.
    """
    close = 0
    for start in range(0, len(row.values), _CHUNK):
        part = row.values[start : start + _CHUNK]
        looked_at = np.float32(-np.inf)
        for place in range(len(row.low) - 1, -1, -1):
            low, high = row.low[place], row.high[place]
            reached, passed = np.int32(0), np.int32(0)
            for column in range(len(part)):
                reached = np.int32(reached + (part[column] >= low))
                passed = np.int32(passed + (part[column] > high))
            if reached == 0:
                break
            row.counted[place] += passed
            if reached != passed:
                free_from = close
                for nook in range(0, len(part), _NOOK):
                    few = part[nook : nook + _NOOK]
                    near = np.int32(0)
                    for column in range(len(few)):
                        near = np.int32(near + ((few[column] >= low) & (few[column] <= high)))
                    for column in range(len(few) if near else 0):
                        if low <= few[column] <= high and few[column] > looked_at:
                            free.columns[close] = start + nook + column
                            free.values[close] = few[column]
                            close += 1
                free.counted_from[free_from:close] = place + 1
            looked_at = high
    return close


@compiled()
def _count_by_search(row: _Row, free: Contested) -> int:
    """As ``_count_by_passes``, but each value searches its place among the thresholds, and running sums make counts."""
    close = 0
    places = np.zeros(len(row.low) + 1, np.int64)
    for column in range(len(row.values)):
        value = row.values[column]
        if value < row.low[-1]:
            continue
        passed = _first_below(row.high, value)
        places[passed] += 1
        if passed > 0 and value >= row.low[passed - 1]:
            free.columns[close] = column
            free.values[close] = value
            free.counted_from[close] = passed
            close += 1
    total = 0
    for place in range(len(row.low)):
        total += places[place]
        row.counted[place] += total
    return close


@compiled()
def settle(thresholds: Thresholds, contested: Contested, *, entries: Whole, similarity: Double, tally: Tally) -> None:
    """Contested values, (n,) the entries they belong to and their (n,) exact similarities -> steps of the tally."""
    for value in range(len(entries)):
        begin = thresholds.first[contested.queries[value]]
        end = thresholds.first[contested.queries[value] + 1]
        mine = thresholds.similarity[begin:end]
        worse = begin + _first_below(mine, similarity[value])
        equal = begin + _first_below(mine, np.nextafter(similarity[value], np.inf))
        later = equal + np.searchsorted(thresholds.entries[equal:worse], entries[value])
        tally.above[worse] += 1
        tally.above[contested.counted_from[value]] -= 1
        tally.tied[equal] += 1
        tally.tied[worse] -= 1
        tally.earlier[later] += 1
        tally.earlier[worse] -= 1


@compiled()
def _first_below(descending: NDArray[Any], value: float) -> int:
    """The first place that holds less than the value, or the length."""
    begin, end = 0, len(descending)
    while begin < end:
        middle = (begin + end) // 2
        if descending[middle] < value:
            end = middle
        else:
            begin = middle + 1
    return begin


@compiled()
def _room(size: int) -> Contested:
    whole = np.empty(size, np.int64)
    return Contested(whole, np.empty_like(whole), np.empty(size, np.float32), np.empty_like(whole))


@compiled()
def _part(found: Contested, begin: int, end: int) -> Contested:
    return Contested(
        found.queries[begin:end], found.columns[begin:end], found.values[begin:end], found.counted_from[begin:end]
    )


@compiled()
def _grown(found: Contested, used: int, needed: int) -> Contested:
    more = _room(2 * needed)
    more.queries[:used] = found.queries[:used]
    more.columns[:used] = found.columns[:used]
    more.values[:used] = found.values[:used]
    more.counted_from[:used] = found.counted_from[:used]
    return more
