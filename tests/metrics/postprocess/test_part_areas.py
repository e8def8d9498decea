"""MUSP's distance of parts by area: against loops over parts, from embeddings of the head, and in an evaluation."""

import numpy as np
import pytest
import torch

from reseen.errors import ReseenError
from reseen.metrics import Embedded, PartAreas, evaluate
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import read_recipe

PARTS, WIDTH = 3, 4


def carried(count: int, *, seed: int):
    """Parts (N, n, D), their areas (N, n), and vectors (N, n * D) whose parts are as long as the areas."""
    rng = np.random.default_rng(seed)
    parts, areas = rng.standard_normal((count, PARTS, WIDTH)), rng.uniform(0.01, 1, (count, PARTS))
    units = parts / np.linalg.norm(parts, axis=2, keepdims=True)
    return parts, areas, (units * areas[:, :, None]).reshape(count, -1).astype(np.float32)


def direct(query, gallery):
    """(Q, G) in float64: the sum over parts of squared distances at length 1 by the areas' product, which adds to 1."""
    distances = np.zeros((len(query[0]), len(gallery[0])))
    for q, (one, own) in enumerate(zip(query[0], query[1], strict=True)):
        for g, (other, theirs) in enumerate(zip(gallery[0], gallery[1], strict=True)):
            weights = own * theirs / np.sum(own * theirs)
            for p in range(PARTS):
                gap = one[p] / np.linalg.norm(one[p]) - other[p] / np.linalg.norm(other[p])
                distances[q, g] += weights[p] * np.sum(gap**2)
    return distances


def similarity(rerank, query, gallery, wanted):
    return np.concatenate([b.similarity for b in rerank.blocks(query, gallery, queries=np.array(wanted))])


def test_similarities_are_one_less_half_the_distance_whatever_the_length_of_a_vector():
    query, gallery = carried(5, seed=0), carried(9, seed=1)
    found = similarity(PartAreas(PARTS), 7 * query[2], gallery[2], [4, 0, 2])
    np.testing.assert_allclose(found, 1 - direct(query, gallery)[[4, 0, 2]] / 2, atol=1e-6)


def test_a_shortlist_is_ranked_by_the_distance_and_the_rest_stays_behind_it_by_cosine():
    query, gallery = carried(4, seed=2), carried(12, seed=3)
    found = similarity(PartAreas(PARTS, shortlist=5), query[2], gallery[2], range(4))
    units = [side[2] / np.linalg.norm(side[2], axis=1, keepdims=True) for side in (query, gallery)]
    by_cosine, exact = units[0] @ units[1].T, 1 - direct(query, gallery) / 2
    for row in range(4):
        nearest = np.argsort(-by_cosine[row])
        first = nearest[:5][np.argsort(-exact[row, nearest[:5]])]
        assert np.argsort(-found[row]).tolist() == [*first, *nearest[5:]]


def test_the_head_gives_embeddings_from_which_the_distance_follows():
    line = 'model={backbone="resnet18", head={name="musp", prototypes=4, width=64, counted="by_area", reduction=16}}'
    recipe = read_recipe("market1501-resnet50-bot", overrides=[line, "data.image_size=[64, 64]"])
    model = build_embedder(recipe, num_identities=None, start_weights=False).eval()
    with torch.no_grad():
        output = model(torch.rand(5, 3, 64, 64))
    assert output.shares is not None
    covered = output.shares.sum(dim=(2, 3))[:, :3]
    areas = torch.cat([covered / covered.sum(dim=1, keepdim=True), torch.full((5, 1), 1 / 3)], dim=1)
    units = torch.stack(output.pooled, dim=1)
    units = units / units.norm(dim=2, keepdim=True)
    weights = areas[:, None] * areas[None]
    weights = weights / weights.sum(dim=2, keepdim=True)
    distances = ((units[:, None] - units[None]).square().sum(dim=3) * weights).sum(dim=2)
    vectors = output.embedding.numpy()
    assert vectors.shape == (5, model.width)
    found = similarity(PartAreas(4), vectors, vectors, range(5))
    np.testing.assert_allclose(found, 1 - distances.numpy() / 2, atol=1e-5)


def test_an_evaluation_ranks_by_it_and_says_so():
    vectors, names = carried(8, seed=4)[2], [str(number // 2) for number in range(8)]
    sides = [
        Embedded(vectors=vectors[part], identities=np.array(names)[part]) for part in (slice(0, 8, 2), slice(1, 8, 2))
    ]
    report = evaluate(*sides, protocol="wildlife", rerank=PartAreas(PARTS))
    assert "distance of 3 parts by area" in report.settings
    assert report.evaluated == 4


def test_parts_that_do_not_share_the_vectors_are_one_line():
    vectors = carried(3, seed=5)[2]
    with pytest.raises(ReseenError, match="parts: expected a divisor of the vectors' 12 numbers, got 5"):
        similarity(PartAreas(5), vectors, vectors, [0])
    with pytest.raises(ReseenError, match="shortlist: expected at least 1"):
        PartAreas(3, shortlist=0)
