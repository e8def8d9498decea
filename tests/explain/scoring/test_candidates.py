"""Every map that is scored: what it is equal to, and what is refused."""

from functools import partial

import pytest
import torch

from reseen.attention import ATTENTIONS
from reseen.errors import ReseenError
from reseen.explain.maps import (
    METHODS,
    ModelInputs,
    attention_maps,
    branch_vectors,
    similarity_maps,
    stage_layers,
    summed,
)
from reseen.explain.scoring.candidates import CENTRE, RANDOM, Question, candidates

RELATION = {"reduction": 4, "gate_reduction": 2}
"""Of RGA, for a stage of few channels."""


@pytest.fixture
def asked(images):
    def make(model, *, twin=False):
        sides = [ModelInputs(part) for part in images.split(2)]
        vectors = [branch_vectors(model, side) for side in sides]
        return Question(sides[0], vectors[1], vectors[2] if twin else None), sides

    return make


def named(found):
    return [(one.method, one.stage) for one in found]


def test_every_method_at_every_stage_is_a_candidate_beside_two_baselines(single, images):
    model = single()
    expected = [(name, stage) for name, method in METHODS.items() for stage in method.stages(model)]
    assert named(candidates(model, ModelInputs(images))) == [*expected, (CENTRE, ""), (RANDOM, "")]
    assert ("hires_cam", "stage2") in expected


def test_one_method_alone_keeps_the_two_baselines(single, images):
    model = single()
    assert named(candidates(model, ModelInputs(images), method="grad_cam")) == [
        *(("grad_cam", stage) for stage in stage_layers(model)),
        (CENTRE, ""),
        (RANDOM, ""),
    ]


@pytest.mark.parametrize(("branches", "method"), [(False, name) for name in METHODS] + [(True, "decomposition")])
def test_candidate_maps_are_those_of_similarity_maps(single, branched, asked, branches, method):
    model = branched() if branches else single()
    question, (query, match, _) = asked(model)
    for one in candidates(model, query, method=method):
        if one.method in METHODS:
            expected = summed(similarity_maps(model, query, match, method=one.method, stage=one.stage).query)
            assert torch.allclose(one.draw(model, question), expected, atol=1e-6)


def test_against_a_twin_candidate_maps_are_the_difference(single, asked):
    model = single()
    question, (query, match, twin) = asked(model, twin=True)
    toward, away = (summed(similarity_maps(model, query, side, method="decomposition").query) for side in (match, twin))
    (one, *_) = candidates(model, query, method="decomposition")
    assert torch.allclose(one.draw(model, question), toward - away, atol=1e-6)


def test_attention_candidates_start_at_their_lowest_value(single, asked):
    model = single(attention={"stage2": partial(ATTENTIONS["rga_sc"], **RELATION), "stage3": ATTENTIONS["lka"]})
    question, (query, *_) = asked(model)
    found = candidates(model, query, method="attention")
    assert named(found)[:2] == [("attention", "stage2 RGA-S"), ("attention", "stage3 LKA")]
    gate = next(one for one in attention_maps(model, query) if one.kind == "RGA-S").maps["gate"]
    drawn = found[0].draw(model, question)
    assert torch.allclose(drawn, gate - gate.flatten(1).min(dim=1).values[:, None, None])


def test_the_baselines_ignore_the_image(single, asked):
    model = single()
    question, (query, *_) = asked(model)
    centre, random = candidates(model, query)[-2:]
    hill = centre.draw(model, question)[0]
    assert hill.shape == (64, 64)
    assert torch.allclose(hill, hill.flip(0).flip(1))
    # Eight pixels from the middle are one standard deviation: exp(-1/2), but for the half pixel of the middle itself.
    assert float(hill[31, 31] / hill[31, 39]) == pytest.approx(
        2.718281828 ** ((7.5**2 - 0.5**2) / (2 * 8**2)), rel=1e-4
    )
    first, second = random.draw(model, question), random.draw(model, question)
    assert not torch.equal(first, second)
    assert torch.equal(first, candidates(model, query)[-1].draw(model, question))


def test_unknown_methods_and_models_without_attention_are_refused(single, images):
    with pytest.raises(ReseenError, match="no method 'gradcam'; did you mean 'grad_cam'"):
        candidates(single(), ModelInputs(images), method="gradcam")
    with pytest.raises(ReseenError, match="the model has no attention"):
        candidates(single(), ModelInputs(images), method="attention")
    with pytest.raises(ReseenError, match="weighs channels only"):
        candidates(
            single(attention={"stage2": partial(ATTENTIONS["rga_c"], **RELATION)}),
            ModelInputs(images),
            method="attention",
        )
