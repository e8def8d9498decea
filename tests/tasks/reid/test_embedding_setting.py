"""[model] embedding and whitening: left out of cards at their defaults, in the network wherever it runs."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from reseen.deploy.export import export_network, images_of
from reseen.deploy.loading import load_network
from reseen.engine.checkpoint import load_card, save_weights
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.models import learn_whitening
from reseen.profiling.profile import profile_module
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.evaluate import evaluate_run
from reseen.tasks.reid.model_settings import Model
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.train import train


@pytest.fixture(scope="module")
def whitened(evaluated_run: Callable[..., Run]) -> Run:
    """A run whose best weights compare the pooled vector, whitened to 5 numbers."""
    run = evaluated_run("training.epochs=1")
    card, model = load_card(run.best_weights), load_model(run.best_weights)
    learned = learn_whitening(torch.randn(40, model.channels), width=5)
    tensors = {**model.state_dict(), "whitening.mean": learned.mean, "whitening.projection": learned.projection}
    chosen = {**card.recipe["model"], "embedding": "pooled", "whitening": {"width": 5}}
    save_weights(run.best_weights, tensors, card._replace(recipe={**card.recipe, "model": chosen}))
    return run


def test_settings_at_their_defaults_are_left_out_so_that_cards_and_fingerprints_stay() -> None:
    said = Model.model_validate({"backbone": "resnet18", "embedding": "necked"}).model_dump(mode="json")
    assert list(said) == [
        *("backbone", "weights", "last_stride", "ibn", "stem", "output_stride", "attention", "pretrained_size"),
        *("expect_missing", "expect_unexpected", "name", "pooling", "branches", "metadata"),
    ]


def test_settings_that_differ_from_their_defaults_read_back_the_same() -> None:
    settings = Model.model_validate({"backbone": "resnet18", "embedding": "pooled", "whitening": {"width": 9}})
    said = settings.model_dump(mode="json", exclude_none=True)
    assert (said["embedding"], said["whitening"]) == ("pooled", {"width": 9})
    assert Model.model_validate(said) == settings


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            'name = "mbr_4b"\nembedding = "pooled"',
            "model: embedding: expected a model without branches, got 4 branches",
        ),
        ('name = "mbr_4b"\nwhitening = {width = 3}', "model: whitening: expected a model without branches, got 4"),
        (
            'backbone = "test_resnet.r160_in1k"\nembedding = "raw"',
            "model.embedding: .* 'necked' or 'pooled', got 'raw'",
        ),
        ('backbone = "test_resnet.r160_in1k"\nwhitening = {width = 0}', "model.whitening.width: .* got 0"),
    ],
)
def test_a_bad_setting_is_one_line_that_says_where(lines: str, message: str, recipe_file: Path) -> None:
    text = recipe_file.read_text().replace('backbone = "test_resnet.r160_in1k"', lines)
    recipe_file.write_text(text)
    with pytest.raises(ReseenError, match=message):
        read_recipe(recipe_file)


def test_training_refuses_a_whitening_before_it_reads_the_data(recipe_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"model.whitening: expected none in a recipe to train"):
        train(recipe_file, data=tmp_path / "none", out=tmp_path / "run", overrides=["model.whitening.width=4"])


def test_a_run_trains_and_is_scored_on_the_pooled_vector(
    recipe_file: Path, market: Callable[..., Path], tmp_path: Path
) -> None:
    run = train(recipe_file, data=market(), out=tmp_path / "run", overrides=["model.embedding=pooled"]).run
    model, image = load_model(run.best_weights), torch.randn(1, 3, 32, 32)
    assert torch.equal(model(image).embedding, model(image).pooled[0])


def test_a_whitened_network_is_evaluated_at_its_width(whitened: Run) -> None:
    result = evaluate_run(whitened)
    assert result.query.width == 5
    assert load_network(str(whitened.path)).facts.width == 5


def test_a_profile_counts_the_whitening(whitened: Run) -> None:
    model = load_model(whitened.best_weights)
    part = profile_module(model, name="tiny", identities=6, image_size=(32, 32)).parts["whitening"]
    channels = model.channels
    assert (part.parameters, part.trainable_parameters, part.macs.total) == (6 * channels, 0, 5 * channels)


def test_the_compared_vector_is_part_of_the_fingerprint(whitened: Run, tmp_path: Path) -> None:
    card, model = load_card(whitened.best_weights), load_model(whitened.best_weights)
    other = {**card.recipe["model"], "embedding": "necked"}
    save_weights(
        tmp_path / "other.safetensors", model.state_dict(), card._replace(recipe={**card.recipe, "model": other})
    )
    loaded = [load_network(str(path)) for path in (whitened.best_weights, tmp_path / "other.safetensors")]
    assert loaded[0].facts.fingerprint != loaded[1].facts.fingerprint


@pytest.mark.parametrize("suffix", [".onnx", ".pt2"])
def test_an_export_of_a_whitened_network_gives_its_vectors(whitened: Run, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"net{suffix}"
    export_network(whitened.path, [out], images=images_of(whitened.path))
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    expected = load_network(str(whitened.path)).network(images)
    assert expected.shape == (3, 5)
    np.testing.assert_allclose(load_network(str(out)).network(images), expected, atol=1e-5)


def test_a_card_whose_whitening_does_not_fit_its_tensors_is_one_line(whitened: Run, tmp_path: Path) -> None:
    card, model = load_card(whitened.best_weights), load_model(whitened.best_weights)
    recipe = json.loads(json.dumps(card.recipe))
    recipe["model"]["whitening"]["width"] = 10**9
    save_weights(tmp_path / "bad.safetensors", model.state_dict(), card._replace(recipe=recipe))
    with pytest.raises(ReseenError, match=r"whitening.width: expected at most the \d+ channels"):
        load_model(tmp_path / "bad.safetensors")
