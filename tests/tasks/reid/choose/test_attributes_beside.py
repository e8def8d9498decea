"""Classifiers of attributes when a network is chosen: kept on the trained weights, fitted anew on others."""

from pathlib import Path

import pytest
import torch

from reseen.data.table import split_of
from reseen.engine.checkpoint import load_card
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.choose.beside import Chosen, TrainedTensors, with_attributes
from reseen.tasks.reid.choose.candidates import Candidate

CLASSES = {"colour": ["blue", "red"], "kind": ["van"]}
TRAINED = TrainedTensors({}, {"attributes.classifiers.0.bias": torch.tensor([1.0, 2.0])})
SAMPLE = split_of(
    [f"{number}.png" for number in range(6)],
    ["1", "1", "2", "2", "3", "3"],
    extra={"colour": ["red", "red", "blue", "blue", None, "red"], "kind": ["van", None, None, None, None, None]},
)


@pytest.fixture
def asked(weights_file: Path):
    """What `with_attributes` makes of a network of the tiny recipe whose first feature is the colour."""

    def call(share: float, *, on: str = "pooled", neck: float = 1.0) -> Chosen:
        torch.manual_seed(0)
        card = load_card(weights_file)._replace(attributes=CLASSES)
        card = card._replace(recipe={**card.recipe, "losses": {"attributes": {"on": on}}})
        model = load_model(weights_file)
        model.neck.norm.weight.data.fill_(neck)
        vectors = torch.randn(1, 6, model.channels)
        vectors[0, :, 0] = torch.tensor([9.0, 8.0, -9.0, -8.0, -9.0, 9.0])
        asked_of = []

        def embed(split):
            asked_of.append(len(split))
            return vectors

        chosen = Chosen({"neck.norm.weight": torch.ones(1)}, card)
        made = with_attributes(chosen, model, share=share, trained=TRAINED, sample=SAMPLE, embed=embed)
        assert asked_of == ([] if share == 1 else [6])
        call.vectors = vectors[0]
        return made

    return call


def test_the_trained_weights_keep_the_trainings_own_classifiers(asked):
    made = asked(1.0)
    assert made.tensors.keys() == {"neck.norm.weight", "attributes.classifiers.0.bias"}
    assert (made.card.attributes, made.note) == (CLASSES, "")


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_other_weights_get_classifiers_that_are_fitted_on_images_whose_class_is_known(asked, share):
    made = asked(share)
    weight, bias = (made.tensors[f"attributes.classifiers.0.{name}"] for name in ("weight", "bias"))
    answers = (asked.vectors @ weight.T + bias).argmax(dim=1)
    assert answers[[0, 1, 2, 3, 5]].tolist() == [1, 1, 0, 0, 1]
    assert made.note == "colour, kind: classifiers fitted anew on the weights that are handed over"
    kind = [made.tensors[f"attributes.classifiers.1.{name}"] for name in ("weight", "bias")]
    assert [tuple(one.shape) for one in kind] == [(1, asked.vectors.shape[1]), (1,)], "of one class, which it says"
    assert kind[1].tolist() == [0.0]


def test_a_classifier_on_the_feature_after_the_neck_is_fitted_there(asked):
    weights = [asked(0.5, on="necked", neck=neck).tensors["attributes.classifiers.0.weight"] for neck in (1.0, 4.0)]
    torch.testing.assert_close(weights[0][:, 0], 4 * weights[1][:, 0], rtol=1e-3, atol=1e-4)
    assert weights[0].abs().max() > 0


def test_a_network_of_several_vectors_names_no_attributes_and_the_note_says_so(asked, weights_file, monkeypatch):
    monkeypatch.setattr("reseen.tasks.reid.choose.beside.SingleBranchEmbedder", Candidate)
    card = load_card(weights_file)._replace(attributes=CLASSES)
    chosen = with_attributes(
        Chosen({}, card), load_model(weights_file), share=0.5, trained=TRAINED, sample=SAMPLE, embed=None
    )
    assert chosen.card.attributes == {}
    assert chosen.tensors == {}
    assert chosen.note.startswith("the network handed over predicts no colour, kind")
