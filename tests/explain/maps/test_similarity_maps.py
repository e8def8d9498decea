"""Maps of similarities: against finite differences, a naive loop, and each other."""

import pytest
import torch
from torch.nn.functional import cosine_similarity

from reseen.errors import ReseenError
from reseen.explain.maps import METHODS, ModelInputs, contrast_maps, similarity_maps, summed
from reseen.explain.maps import occlusion as occlusion_module
from reseen.models import ColourHistogram

SIDES = (slice(0, 3), slice(3, 6))


@pytest.fixture
def few_squares(monkeypatch):
    """Nine instead of 49, where their number does not matter."""
    monkeypatch.setattr(occlusion_module, "CELLS", 4)


def pair_of(images):
    return (images[side] for side in SIDES)


def similarity_with(model, images, change, *, stage: str, pair: int) -> float:
    """The cosine of one pair after ``change`` (1, C, h, w) was added to the query's map at a stage."""
    module = model.backbone if stage == "last" else model.backbone.body.get_submodule(f"layer{stage[-1]}")
    with torch.no_grad():
        other = model(images[3 + pair : 4 + pair]).embedding
        hook = module.register_forward_hook(lambda _m, _i, output: output + change)
        changed = model(images[pair : pair + 1]).embedding
        hook.remove()
    return float(cosine_similarity(changed, other))


@pytest.mark.parametrize("stage", ["stage2", "stage4", "last"])
def test_gradient_maps_are_finite_differences(single, images, stage):
    model, images = single().double(), images.double()
    module = model.backbone if stage == "last" else model.backbone.body.get_submodule(f"layer{stage[-1]}")
    kept = []
    hook = module.register_forward_hook(lambda _m, _i, output: kept.append(output.detach()))
    with torch.no_grad():
        model(images[1:2])
    hook.remove()
    maps = similarity_maps(model, *pair_of(images), method="hires_cam", stage=stage)
    # Growing one position's activations by a factor 1 + e changes the similarity by e times the map there.
    step, (row, column) = 1e-6, (1, 0)
    change = torch.zeros_like(kept[0])
    change[:, :, row, column] = step * kept[0][:, :, row, column]
    rise = similarity_with(model, images, change, stage=stage, pair=1)
    fall = similarity_with(model, images, -change, stage=stage, pair=1)
    assert float(maps.query[0][1, row, column]) == pytest.approx((rise - fall) / (2 * step), rel=1e-4, abs=1e-9)


def test_grad_cam_weighs_channels_by_their_mean_gradient(single, images):
    model, images = single().double(), images.double()
    maps = similarity_maps(model, *pair_of(images), method="grad_cam", stage="stage1").query[0][0]
    kept = []
    hook = model.backbone.body.layer1.register_forward_hook(lambda _m, _i, output: kept.append(output.detach()))
    with torch.no_grad():
        model(images[:1])
    hook.remove()
    channels, step = kept[0].shape[1], 1e-6
    # Each channel raised everywhere by a little: the sum of its gradients over positions.
    change = step * torch.eye(channels, dtype=torch.float64)[:, :, None, None]
    repeated = torch.cat([images[:1].expand(channels, -1, -1, -1), images[3:4]])
    change = torch.cat([change, torch.zeros_like(change[:1])])
    similarities = []
    for sign in (1, -1):
        hook = model.backbone.body.layer1.register_forward_hook(lambda _m, _i, output, s=sign: output + s * change)
        with torch.no_grad():
            *changed, other = model(repeated).embedding.unbind()
        hook.remove()
        similarities.append(cosine_similarity(torch.stack(changed), other[None]))
    means = (similarities[0] - similarities[1]) / (2 * step * maps.numel())
    expected = torch.einsum("c,chw->hw", means, kept[0][0])
    assert torch.allclose(maps, expected, rtol=1e-3, atol=1e-9)


def test_at_the_last_map_of_average_pooling_both_gradients_agree(single, images):
    model = single()
    both = [
        similarity_maps(model, *pair_of(images), method=method, stage="last").match[0]
        for method in ("grad_cam", "hires_cam")
    ]
    assert torch.allclose(*both, atol=1e-6)


def test_occlusion_is_a_loop_over_squares(single, images):
    model = single()
    maps = similarity_maps(model, *pair_of(images), method="occlusion").query[0][2]
    with torch.no_grad():
        whole, other = model(images[2:3]).embedding, model(images[5:6]).embedding
        losses = [[[] for _ in range(8)] for _ in range(8)]
        for top in range(0, 56, 8):
            for left in range(0, 56, 8):
                painted = images[2:3].clone()
                painted[..., top : top + 16, left : left + 16] = 0
                loss = float(cosine_similarity(whole, other) - cosine_similarity(model(painted).embedding, other))
                for row in (top // 8, top // 8 + 1):
                    for column in (left // 8, left // 8 + 1):
                        losses[row][column].append(loss)
    expected = torch.tensor([[sum(cell) / len(cell) for cell in row] for row in losses])
    assert torch.allclose(maps, expected, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_maps_of_a_pair_depend_on_no_other_and_leave_the_model_unchanged(branched, few_squares, images, method):
    model = branched().train()
    model.branches[0].eval()  # a part that was frozen
    modes = [part.training for part in model.modules()]
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    before = images.clone()
    together = similarity_maps(model, *pair_of(images), method=method)
    alone = similarity_maps(model, images[2:3], images[5:6], method=method)
    for whole, single_pair in zip(together.query + together.match, alone.query + alone.match, strict=True):
        assert torch.allclose(whole[2], single_pair[0], atol=1e-5)
        assert not whole.requires_grad
    assert [part.training for part in model.modules()] == modes
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())
    assert torch.equal(images, before)


@pytest.mark.parametrize("method", METHODS)
def test_every_stage_of_every_method_gives_one_map_per_branch(branched, few_squares, images, method):
    model = branched().requires_grad_(False)  # as a frozen, deployed model is
    with torch.no_grad():
        expected = cosine_similarity(*(model(images[side]).embedding for side in SIDES))
    for stage in METHODS[method].stages(model):
        maps = similarity_maps(model, *pair_of(images), method=method, stage=stage)
        assert (len(maps.query), len(maps.match), maps.shares.shape) == (3, 3, (3, 3))
        assert torch.allclose(maps.similarity, expected, atol=1e-5)
        assert all(of_branch.isfinite().all() and of_branch.abs().sum() > 0 for of_branch in maps.query + maps.match)


def test_a_contrast_is_the_difference_of_two_maps(single, images):
    model = single()
    query, match, other = images[:2], images[2:4], images[4:6]
    contrast = contrast_maps(model, query, match, other=other, method="decomposition")
    pairs = [similarity_maps(model, query, side, method="decomposition") for side in (match, other)]
    difference = pairs[0].similarity - pairs[1].similarity
    assert torch.allclose(contrast[0].sum(dim=(1, 2)), difference, atol=1e-5)
    swapped = contrast_maps(model, query, other, other=match, method="decomposition")
    assert torch.allclose(swapped[0], -contrast[0], atol=1e-6)


def test_the_sum_of_maps_of_different_sizes_keeps_the_total():
    maps = (torch.rand(2, 2, 3), torch.rand(2, 4, 6))
    assert summed(maps).shape == (2, 4, 6)
    assert torch.allclose(summed(maps).sum(dim=(1, 2)), sum(one.sum(dim=(1, 2)) for one in maps), atol=1e-5)


def test_unknown_methods_and_stages_are_refused_with_those_there_are(single, images):
    model = single()
    with pytest.raises(ReseenError, match="did you mean 'grad_cam'"):
        similarity_maps(model, *pair_of(images), method="gradcam")
    with pytest.raises(ReseenError, match="known: last, stage1, stage2, stage3, stage4"):
        similarity_maps(model, *pair_of(images), stage="layer3")
    with pytest.raises(ReseenError, match="known: picture"):
        similarity_maps(model, *pair_of(images), method="occlusion", stage="stage1")
    with pytest.raises(ReseenError, match="ColourHistogram has no backbone"):
        similarity_maps(ColourHistogram(), *pair_of(images.abs()))
    with pytest.raises(ReseenError, match="expected as many"):
        similarity_maps(model, ModelInputs(images[:2]), ModelInputs(images[2:]))
