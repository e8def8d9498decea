"""The k best of each row against a stable sort of whole rows, with many ties."""

import numpy as np
import pytest

from reseen.metrics.kernels.topk import TopK, empty_topk, finish, push, push_columns

ROWS, ENTRIES = 13, 301


def similarities(levels: int) -> np.ndarray:
    """(ROWS, ENTRIES) of few values, so that most of them tie, and some that never count."""
    values = np.random.default_rng(levels).integers(levels, size=(ROWS, ENTRIES)).astype(np.float32)
    values[:, 5:9] = -np.inf
    return values


def require_best(best: TopK, values: np.ndarray, *, count: int) -> None:
    order = np.argsort(-values, axis=1, kind="stable")[:, :count]
    similarity = np.take_along_axis(values, order, axis=1)
    shown = best.similarity[:, : order.shape[1]]
    np.testing.assert_array_equal(shown, similarity)
    np.testing.assert_array_equal(best.entries[:, : order.shape[1]][shown > -np.inf], order[similarity > -np.inf])
    assert (best.entries[best.similarity == -np.inf] == -1).all()
    np.testing.assert_array_equal(best.lowest, values.min(axis=1))


@pytest.mark.parametrize("count", [1, 2, 7, 64, 300, 400])
@pytest.mark.parametrize("levels", [2, 30])
def test_rows_of_tiles_keep_their_best_and_the_first_of_equals(levels: int, count: int):
    values, best = similarities(levels), empty_topk(ROWS, count=count)
    for begin in range(0, ENTRIES, 70):
        for row in range(0, ROWS, 5):
            tile = np.ascontiguousarray(values[row : row + 5, begin : begin + 70])
            push(best, tile, first_row=row, first_entry=begin)
    require_best(finish(best), values, count=count)


@pytest.mark.parametrize("count", [1, 2, 7, 64, 300, 400])
@pytest.mark.parametrize("levels", [2, 30])
def test_columns_of_tiles_keep_their_best_and_the_first_of_equals(levels: int, count: int):
    values, best = similarities(levels), empty_topk(ROWS, count=count)
    for begin in range(0, ENTRIES, 70):
        tile = np.ascontiguousarray(values[:, begin : begin + 70].T)
        for columns in (slice(0, 4), slice(4, ROWS)):
            push_columns(best, tile, columns=columns, first_row=begin, first_entry=0)
    require_best(finish(best), values, count=count)
