"""training.ema: what is scored and kept are the average, which has its closed form and survives a stop."""

import pytest
import torch
from safetensors.torch import load_file

from reseen.engine.assemble import assemble
from reseen.engine.checkpoint import Place, load_checkpoint
from reseen.engine.hardware import launch
from reseen.engine.interrupt import Stopped
from reseen.engine.loop import train_step
from reseen.engine.pretrained import resolved
from reseen.progress import Silent
from reseen.tasks.reid.components import build_components
from reseen.tasks.reid.load import load_data
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.train import train
from stopping import Recorder, assert_same_end


def parts_of(market, recipe_file, *overrides):
    recipe = resolved(read_recipe(recipe_file, overrides=overrides))
    fabric = launch(recipe.hardware)
    splits = load_data(market(), recipe, fabric=fabric, progress=Silent()).data
    return assemble(build_components(recipe, splits, rank=0, world_size=1), recipe, fabric=fabric)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_average_is_that_of_the_definition(market, recipe_file, accumulate):
    parts = parts_of(market, recipe_file, "training.ema=0.6", f"training.accumulate={accumulate}")
    parts.batches.set_epoch(0)
    name = next(name for name, _ in parts.model.named_parameters())
    own, average, steps = parts.model.state_dict(), parts.scored.state_dict(), 0
    expected = average[name].clone()
    total = len(parts.batches)
    for step, batch in enumerate(parts.loader):
        whole = (step + 1) % accumulate == 0 or step + 1 == total
        train_step(parts, batch, Place(0, step), epoch_fraction=0.0, step_optimizer=whole)
        if whole:
            # It rises to 0.6: after the t-th step the weight of the past is 1 - t^(-2/3), 0 at first.
            decay = min(0.6, 1 - (steps + 1) ** (-2 / 3)) if steps else 0.0
            expected = decay * expected + (1 - decay) * own[name]
            steps += 1
    assert steps == -(-total // accumulate) >= 2
    assert torch.allclose(average[name], expected, atol=1e-7)
    assert not torch.allclose(average[name], own[name], atol=1e-6)


def test_the_average_is_kept_and_goes_on_after_a_stop(market, recipe_file, tmp_path):
    data, overrides = market(), ["training.ema=0.9"]
    whole = train(recipe_file, data=data, out=tmp_path / "whole", overrides=overrides)
    with pytest.raises(Stopped):
        train(recipe_file, data=data, out=tmp_path / "cut", overrides=overrides, progress=Recorder(at_step=3))
    train(recipe_file, data=data, out=tmp_path / "cut", overrides=overrides, resume=True)
    assert_same_end(tmp_path / "whole", tmp_path / "cut")
    state, kept = load_checkpoint(whole.run.last_checkpoint), load_file(whole.run.best_weights)
    assert all(torch.equal(kept[name], tensor) for name, tensor in state["averaged"].items())
    assert any(not torch.equal(kept[name], state["learner"][f"model.{name}"]) for name in kept)
