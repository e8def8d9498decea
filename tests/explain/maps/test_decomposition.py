"""The similarity taken apart: the parts add up to it, and each is what a loop over positions finds."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cosine_similarity, normalize

from reseen.errors import ReseenError
from reseen.explain.maps import ModelInputs, position_table, similarity_maps
from reseen.explain.maps.decomposition import position_vectors


@pytest.mark.parametrize("pooling", ["average", "max", "gem"])
def test_the_decomposition_adds_up_to_the_similarity(single, images, pooling):
    model = single(pooling)
    maps = similarity_maps(model, images[:3], images[3:], method="decomposition")
    with torch.no_grad():
        vectors = model(images).embedding
    expected = cosine_similarity(vectors[:3], vectors[3:])
    for side in (maps.query, maps.match):
        assert torch.allclose(side[0].sum(dim=(1, 2)), expected, atol=1e-5)
    (table,) = position_table(model, ModelInputs(images[:3]), ModelInputs(images[3:]))
    assert torch.allclose(table.sum(dim=(1, 2, 3, 4)), expected, atol=1e-5)
    assert torch.allclose(table.sum(dim=(3, 4)), maps.query[0], atol=1e-5)
    assert torch.allclose(table.sum(dim=(1, 2)), maps.match[0], atol=1e-5)


@pytest.mark.parametrize("method", ["decomposition", "occlusion", "hires_cam"])
@pytest.mark.parametrize(("embedding", "whitening"), [("pooled", None), ("pooled", 6), ("necked", 6)])
def test_maps_explain_the_vector_that_is_compared(single, images, embedding, whitening, method):
    model = single(embedding=embedding, whitening=whitening)
    maps = similarity_maps(model, images[:3], images[3:], method=method)
    with torch.no_grad():
        vectors = model(images).embedding
    expected = cosine_similarity(vectors[:3], vectors[3:])
    assert torch.allclose(maps.similarity, expected, atol=1e-5)
    if method == "decomposition":
        for side in (maps.query, maps.match):
            assert torch.allclose(side[0].sum(dim=(1, 2)), expected, atol=1e-5)


@pytest.mark.parametrize("cameras", [None, torch.tensor([0, 1, -1])])
def test_the_decomposition_of_branches_with_metadata_adds_up(branched, images, cameras):
    model = branched(metadata=True)
    query, match = ModelInputs(images[:3], cameras), ModelInputs(images[3:], cameras)
    maps = similarity_maps(model, query, match, method="decomposition")
    with torch.no_grad():
        expected = cosine_similarity(model(*query).embedding, model(*match).embedding)
    assert [tuple(of_branch.shape[1:]) for of_branch in maps.query] == [(2, 2), (4, 4), (4, 4)]
    for side in (maps.query, maps.match):
        per_branch = torch.stack([of_branch.sum(dim=(1, 2)) for of_branch in side], dim=1)
        assert torch.allclose(per_branch, maps.shares, atol=1e-5)
    assert torch.allclose(maps.similarity, expected, atol=1e-5)


def test_the_share_of_a_position_is_that_of_a_loop(single, images):
    model = single().double()
    images = images.double()
    with torch.no_grad():
        maps, embedding = model.backbone(images), model(images).embedding
        (table,) = position_table(model, ModelInputs(images[:1]), ModelInputs(images[3:4]))
        # One position alone, everywhere else nothing: the pooled vector is a share of it, the neck makes it linear.
        nothing = model.neck(torch.zeros(1, maps.shape[1], dtype=torch.float64))
        positions = maps.shape[2] * maps.shape[3]

        def part(image: int, row: int, column: int) -> torch.Tensor:
            alone = maps[image, :, row, column] / positions
            return (model.neck(alone[None]) - nothing + nothing / positions)[0]

        for (i, j), (k, m) in (((0, 0), (1, 1)), ((1, 0), (0, 1))):
            expected = part(0, i, j) @ part(3, k, m) / (embedding[0].norm() * embedding[3].norm())
            assert table[0, i, j, k, m] == pytest.approx(float(expected), abs=1e-6)


def test_maximum_pooling_gives_its_share_to_the_position_of_the_maximum(single, images):
    model = single("max")
    (vectors,) = position_vectors(model, ModelInputs(images[:1]))
    with torch.no_grad():
        maps = model.backbone(images[:1])
    scale = model.neck.norm.weight * torch.rsqrt(model.neck.norm.running_var + model.neck.norm.eps)
    spread = vectors / scale[:, None, None]
    # All positions but one hold the same even share of the neck's mean.
    assert torch.equal(spread.flatten(2).argmax(dim=2), maps.flatten(2).argmax(dim=2))
    ordered = spread.flatten(2).sort(dim=2).values
    assert torch.allclose(ordered[:, :, 0], ordered[:, :, -2], atol=1e-5)


def test_position_vectors_add_up_to_unit_length(branched, images):
    for vectors in position_vectors(branched(), ModelInputs(images)):
        whole = vectors.sum(dim=(2, 3))
        assert torch.allclose(whole, normalize(whole, dim=1), atol=1e-5)


@pytest.mark.parametrize(("part", "message"), [("pooling", "AveragePool, MaxPool"), ("neck", "BNNeck")])
def test_unknown_poolings_and_necks_are_refused(single, images, part, message):
    model = single()
    setattr(model, part, nn.Sequential(getattr(model, part)))
    with pytest.raises(ReseenError, match=message):
        similarity_maps(model, images[:3], images[3:], method="decomposition")
