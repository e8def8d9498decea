"""Evaluation of similarities that are not cosines: taken as they are, ties and all, under any protocol."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from naive_evaluation import naive_evaluate, naive_rankings
from random_sides import is_refused, random_protocol, random_sides
from reseen.errors import ReseenError
from reseen.metrics import Embedded, evaluate
from reseen.metrics.similarity import Block

CASES = 300


class Overlap:
    """Minus the greatest difference of two vectors of whole numbers: exact, and full of ties."""

    def blocks(self, query: np.ndarray, gallery: np.ndarray, *, queries: np.ndarray, device: str) -> Iterator[Block]:
        for part in np.array_split(queries, 3):
            apart = np.abs(query[part, None] - gallery).max(axis=2)
            yield Block(part, -apart.astype(np.float32))

    def describe(self) -> str:
        return "overlap"


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    return -max(abs(float(one) - float(other)) for one, other in zip(first, second, strict=True))


def whole(side: Embedded) -> Embedded:
    vectors = np.ceil(side.vectors.astype(np.float64) / np.abs(side.vectors).max() * 5) + 10
    return dataclasses.replace(side, vectors=vectors)


def test_re_ranked_scores_of_any_protocol_equal_the_naive_loop():
    checked = 0
    for seed in range(CASES):
        query, gallery = (whole(side) for side in random_sides(seed))
        protocol = random_protocol(seed)
        if protocol.shots is not None:
            protocol = dataclasses.replace(protocol, drop_same_camera=False)
        if is_refused(query, gallery, protocol):
            continue
        ranked = naive_rankings(query, gallery, protocol, likeness=likeness)
        expected = naive_evaluate(query, ranked, kind="old-sklearn", depth=protocol.depth, length=10)
        if expected is None:
            continue
        report = evaluate(
            query, gallery, protocol=protocol, average_precision="old-sklearn", rerank=Overlap(), cmc_length=10
        )
        assert report.mean_average_precision == pytest.approx(expected.mean_average_precision, abs=1e-9)
        np.testing.assert_allclose(report.cmc, expected.cmc, rtol=0, atol=1e-9)
        assert "overlap, ties in gallery order" in report.settings
        checked += 1
    assert checked > CASES / 3


def test_re_ranking_refuses_protocols_that_draw_matches_outside_the_gallery():
    side = Embedded(np.eye(4), [1, 1, 2, 2], [1, 2, 1, 2])
    with pytest.raises(ReseenError, match=r"'cuhk03_classic' draws each query's match .* without re-ranking"):
        evaluate(side, side, protocol="cuhk03_classic", rerank=Overlap())
