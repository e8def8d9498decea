"""The pairs that are scored, against a loop over similarities."""

import numpy as np
import pytest

from reseen.data.table import Splits, split_of
from reseen.explain.scoring.cases import find_cases
from reseen.metrics import PROTOCOLS, Embedded, evaluate
from reseen.tasks.reid.scoring import Evaluated


@pytest.fixture
def result():
    generator = np.random.default_rng(2)

    def side(names):
        vectors = generator.normal(size=(len(names), 6)).astype(np.float32)
        return Embedded(vectors, np.array(names), np.array([f"c{number % 3}" for number in range(len(names))]))

    query, gallery = side(["a", "a", "a", "b", "b", "lonely", "d"]), side(["a", "b", "c", "d"] * 6)
    table = split_of(["x"], ["a"])
    return Evaluated(
        evaluate(query, gallery),
        query,
        gallery,
        PROTOCOLS["market1501"],
        Splits("market1501", None, table, table, table),
    )


def by_loop(result, row, identity):
    """The most similar entry of an identity that the protocol keeps."""
    query, gallery = result.query, result.gallery
    unit = gallery.vectors / np.linalg.norm(gallery.vectors, axis=1, keepdims=True)
    best = None
    for entry in range(len(gallery)):
        same = gallery.identities[entry] == query.identities[row]
        junk = same and gallery.cameras[entry] == query.cameras[row]
        if gallery.identities[entry] == identity and not junk:
            similarity = float(unit[entry] @ query.vectors[row])
            if best is None or similarity > best[0]:
                best = (similarity, entry)
    return best[1]


def test_a_case_has_the_best_match_and_the_best_image_of_the_twin(result):
    cases = find_cases(result, range(7), count=9, twins=[("b", "a"), ("c", "lonely")])
    assert sorted(case.query for case in cases) == [0, 1, 2, 3, 4, 6]  # nobody matches the lonely one
    for case in cases:
        own = str(result.query.identities[case.query])
        twin = {"a": "b", "b": "a"}.get(own)
        assert case.match == by_loop(result, case.query, own)
        assert case.twin == (None if twin is None else by_loop(result, case.query, twin))


def test_cases_take_identities_in_turn(result):
    cases = find_cases(result, range(7), count=4, twins=[])
    assert [str(result.query.identities[case.query]) for case in cases] == ["a", "b", "d", "a"]
    assert cases == find_cases(result, range(7), count=9, twins=[])[:4]


def test_only_queries_with_visible_marks_are_cases(result):
    assert {case.query for case in find_cases(result, [1, 4], count=9, twins=[])} == {1, 4}
