"""The best of blocks against a sorted product of all."""

import numpy as np
import pyarrow as pa
import pytest

from reseen.retrieval import exact
from reseen.retrieval.exact import best_of_blocks

WIDTH = 6


def drawn(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, WIDTH)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def blocks(vectors: np.ndarray, numbers: np.ndarray, lengths: tuple[int, ...]) -> list[pa.RecordBatch]:
    ends = np.cumsum(lengths)
    return [
        pa.record_batch(
            {
                "vector": pa.FixedSizeListArray.from_arrays(vectors[end - length : end].ravel(), WIDTH),
                "_rowid": pa.array(numbers[end - length : end], pa.uint64()),
            }
        )
        for end, length in zip(ends, lengths, strict=True)
    ]


@pytest.mark.parametrize("k", [1, 2, 3, 10, 64, 150, 151, 400])
@pytest.mark.parametrize("lengths", [(151,), (0, 40, 1, 0, 110)])
def test_exact_search_gives_the_most_similar_records_of_all_blocks_best_first(k, lengths, monkeypatch):
    monkeypatch.setattr(exact, "_QUERIES", 16)
    monkeypatch.setattr(exact, "_RECORDS", 32)
    queries, vectors = drawn(70, 0), drawn(151, 1)
    numbers = np.random.default_rng(2).permutation(10_000)[:151]
    found = best_of_blocks(queries, blocks(vectors, numbers, lengths), k=k)
    products = queries.astype(np.float64) @ vectors.astype(np.float64).T
    order = np.argsort(-products, axis=1)[:, :k]
    np.testing.assert_array_equal(found.rows, numbers[order])
    np.testing.assert_allclose(found.similarity, np.take_along_axis(products, order, axis=1), atol=1e-6)


def test_exact_search_finds_each_of_several_equal_records_once():
    vectors = np.repeat(drawn(5, 0), 4, axis=0)
    found = best_of_blocks(drawn(3, 0), blocks(vectors, np.arange(20), (9, 11)), k=4)
    assert [sorted(rows) for rows in found.rows.tolist()] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_exact_search_without_records_finds_nothing():
    found = best_of_blocks(drawn(3, 0), [], k=5)
    assert found.rows.shape == found.similarity.shape == (3, 0)
