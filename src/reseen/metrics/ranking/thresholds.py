"""Counting against thresholds: how many values of a row are over each, and which are too close to call.

A query's thresholds are the similarities of its matches, best first. b = queries of a tile, c = its entries, p = all
thresholds of its queries, one query after the other, n = values too close to call. Compiled by numba when first called.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.array_types import Float32, Float64, Int64
from reseen.metrics.kernels.compiled import compiled

_CHUNK = 512
"""Values compared together: they stay in the first cache while all thresholds pass over them."""

_PIECE = 32
"""Values compared one by one, once one of them is known to be too close to call."""

SEARCH_FROM = 256
"""Thresholds from which a search among them is quicker than a pass for each."""


class Thresholds(NamedTuple):
    """The p thresholds of b queries, best first, equal ones in gallery order.

    ``first`` (b + 1,) where each query's begin; ``entries`` (p,) the matches; ``similarity`` (p,) exact. A float32
    value under ``low`` (p,) is certainly less similar, one over ``high`` (p,) certainly more.
    """

    first: Int64
    entries: Int64
    similarity: Float64
    low: Float32
    high: Float32


class CloseCalls(NamedTuple):
    """n values too close to a threshold to call.

    ``queries`` (n,) and ``columns`` (n,) say where they stand; ``counted_from`` (n,) is the first threshold, as a place
    among the p, that has counted the value as more similar already.
    """

    queries: Int64
    columns: Int64
    values: Float32
    counted_from: Int64


class ThresholdCounts(NamedTuple):
    """Counts against p thresholds.

    ``certain`` (p,) values that are certainly more similar. The others (p + 1,) are steps, whose running sums count
    the close calls that turned out more similar, as similar, and as similar but earlier in the gallery.
    """

    certain: Int64
    above: Int64
    tied: Int64
    earlier: Int64


@compiled()
def count(values: Float32, thresholds: Thresholds, *, first: Int64, counts: ThresholdCounts) -> CloseCalls:
    """(b, c) -> adds to ``counts.certain`` the values over each threshold and returns those too close to call.

    ``first`` (b + 1,) is the part of ``thresholds.first`` that belongs to these queries.
    """
    calls, used = _room(0), 0
    for query in range(len(values)):
        begin, end = first[query], first[query + 1]
        if used + values.shape[1] > len(calls.values):
            calls = _grown(calls, used, used + values.shape[1])
        row = _Row(values[query], thresholds.low[begin:end], thresholds.high[begin:end], counts.certain[begin:end])
        free = _part(calls, used, len(calls.values))
        close = _count_by_passes(row, free) if end - begin < SEARCH_FROM else _count_by_search(row, free)
        free.queries[:close] = query
        free.counted_from[:close] += begin
        used += close
    return _part(calls, 0, used)


class _Row(NamedTuple):
    """One query's values, and the bounds and counts of its thresholds."""

    values: Float32
    low: Float32
    high: Float32
    counted: Int64


@compiled()
def _count_by_passes(row: _Row, free: CloseCalls) -> int:
    """One pass over each chunk for each threshold, from the worst up to the first that nothing reaches.

    Writes the values too close to call into ``free`` and returns their number.
    """
    close = 0
    for start in range(0, len(row.values), _CHUNK):
        part = row.values[start : start + _CHUNK]
        seen_above = np.float32(-np.inf)
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
                for begin in range(0, len(part), _PIECE):
                    piece = part[begin : begin + _PIECE]
                    near = np.int32(0)
                    for column in range(len(piece)):
                        near = np.int32(near + ((piece[column] >= low) & (piece[column] <= high)))
                    for column in range(len(piece) if near else 0):
                        if low <= piece[column] <= high and piece[column] > seen_above:
                            free.columns[close] = start + begin + column
                            free.values[close] = piece[column]
                            close += 1
                free.counted_from[free_from:close] = place + 1
            seen_above = high
    return close


@compiled()
def _count_by_search(row: _Row, free: CloseCalls) -> int:
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
def decide(
    thresholds: Thresholds, close_calls: CloseCalls, *, entries: Int64, similarity: Float64, counts: ThresholdCounts
) -> None:
    """Add close calls to the counts, by (n,) the entries they belong to and their (n,) exact similarities."""
    for value in range(len(entries)):
        begin = thresholds.first[close_calls.queries[value]]
        end = thresholds.first[close_calls.queries[value] + 1]
        matches = thresholds.similarity[begin:end]
        worse = begin + _first_below(matches, similarity[value])
        equal = begin + _first_below(matches, np.nextafter(similarity[value], np.inf))
        later = equal + np.searchsorted(thresholds.entries[equal:worse], entries[value])
        counts.above[worse] += 1
        counts.above[close_calls.counted_from[value]] -= 1
        counts.tied[equal] += 1
        counts.tied[worse] -= 1
        counts.earlier[later] += 1
        counts.earlier[worse] -= 1


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
def _room(size: int) -> CloseCalls:
    whole = np.empty(size, np.int64)
    return CloseCalls(whole, np.empty_like(whole), np.empty(size, np.float32), np.empty_like(whole))


@compiled()
def _part(calls: CloseCalls, begin: int, end: int) -> CloseCalls:
    return CloseCalls(
        calls.queries[begin:end], calls.columns[begin:end], calls.values[begin:end], calls.counted_from[begin:end]
    )


@compiled()
def _grown(calls: CloseCalls, used: int, needed: int) -> CloseCalls:
    more = _room(2 * needed)
    more.queries[:used] = calls.queries[:used]
    more.columns[:used] = calls.columns[:used]
    more.values[:used] = calls.values[:used]
    more.counted_from[:used] = calls.counted_from[:used]
    return more
