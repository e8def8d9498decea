"""Training on crops with the averaged weights as the teacher: what each sees, what is kept, and a stop in between."""

import pytest
import torch
from safetensors.torch import load_file

from reseen.engine.assemble import assemble
from reseen.engine.checkpoint import Place, load_checkpoint
from reseen.engine.hardware import launch
from reseen.engine.interrupt import Stopped
from reseen.engine.loop import train_step
from reseen.engine.pretrained import resolved
from reseen.errors import ReseenError
from reseen.progress import Silent
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.components import build_components
from reseen.tasks.reid.load import load_data
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.train import train
from stopping import Recorder, assert_same_end

CROPS = "crops={local=2, size=[32, 32], area=[0.3, 0.6]}"
ZOOM = "transforms={random_resized_crop={area=[0.8, 1.0]}, flip={}}"
TAUGHT = "losses.self_distillation={weight=0.5, outputs=6, hidden=8}"
EMA = ("training.ema=0.9", "training.ema_rises=false")
OVERRIDES = ["data.image_size=[48, 48]", CROPS, ZOOM, TAUGHT, *EMA]


def parts_of(market, recipe_file, overrides):
    recipe = resolved(read_recipe(recipe_file, overrides=overrides))
    fabric = launch(recipe.hardware)
    splits = load_data(market(), recipe, fabric=fabric, progress=Silent()).data
    return assemble(build_components(recipe, splits, rank=0, world_size=1), recipe, fabric=fabric)


def test_a_batch_has_two_whole_crops_and_smaller_ones_that_are_drawn_apart(market, recipe_file):
    parts = parts_of(market, recipe_file, OVERRIDES)
    parts.batches.set_epoch(0)
    batch = next(iter(parts.loader))
    assert batch.image.shape == batch.crops[0].shape == (6, 3, 48, 48)
    assert [crop.shape for crop in batch.crops[1:]] == [(6, 3, 32, 32)] * 2
    assert not torch.equal(batch.image, batch.crops[0])
    assert not torch.equal(batch.crops[1], batch.crops[2])


def test_two_steps_train_the_model_and_its_average_follows_with_the_projection(market, recipe_file):
    parts = parts_of(market, recipe_file, OVERRIDES)
    parts.batches.set_epoch(0)
    before = {name: tensor.clone() for name, tensor in parts.averaged.module.state_dict().items()}
    assert parts.scored is parts.averaged.module.model
    averages = []
    for step, batch in enumerate(parts.loader):
        terms = train_step(parts, batch, Place(0, step), epoch_fraction=0.5, step_optimizer=True)
        assert terms.terms["self_distillation"] > 0
        averages.append({name: tensor.clone() for name, tensor in parts.averaged.module.state_dict().items()})
        if step == 1:
            break
    own = parts.wider.state_dict()
    for name in ("model.neck.norm.weight", "model.neck.norm.running_mean", "projector.directions"):
        torch.testing.assert_close(averages[1][name], 0.9 * averages[0][name] + 0.1 * own[name])
        assert not torch.equal(averages[1][name], before[name])
    loss = parts.learner.module.losses.losses["self_distillation"]
    assert int(loss.seen) == 2
    assert loss.centre.any()


def test_the_teacher_of_the_second_step_is_the_average_after_the_first(market, recipe_file):
    parts = parts_of(market, recipe_file, OVERRIDES)
    parts.batches.set_epoch(0)
    first, second = (batch for batch, _ in zip(parts.loader, range(2), strict=False))
    train_step(parts, first, Place(0, 0), epoch_fraction=0.5, step_optimizer=True)
    teacher = parts.averaged.module
    assert not teacher.training
    whole = torch.cat([second.image, second.crops[0]])
    with torch.no_grad():
        taught = teacher.projector(teacher.model(whole).pooled[0])
    loss = parts.learner.module.losses.losses["self_distillation"]
    before = loss.centre.clone()
    train_step(parts, second, Place(0, 1), epoch_fraction=0.5, step_optimizer=True)
    torch.testing.assert_close(loss.centre, 0.9 * before + 0.1 * taught.mean(dim=0))


def test_a_stopped_training_on_crops_ends_with_the_same_bits_and_keeps_the_teacher(market, recipe_file, tmp_path):
    data = market()
    whole = train(recipe_file, data=data, out=tmp_path / "whole", overrides=OVERRIDES).run
    with pytest.raises(Stopped):
        train(recipe_file, data=data, out=tmp_path / "cut", overrides=OVERRIDES, progress=Recorder(at_step=3))
    train(recipe_file, data=data, out=tmp_path / "cut", overrides=OVERRIDES, resume=True)
    assert_same_end(tmp_path / "whole", tmp_path / "cut")
    state, kept = load_checkpoint(whole.last_checkpoint), load_file(whole.best_weights)
    assert all(torch.equal(kept[name], state["averaged"][f"model.{name}"]) for name in kept)
    assert {"losses.losses.self_distillation.centre", "losses.losses.self_distillation.seen"} <= state["learner"].keys()
    assert load_model(whole.best_weights)(torch.rand(1, 3, 48, 48)).embedding.isfinite().all()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([TAUGHT], r"^\S+\.toml: losses.self_distillation goes with \[crops\]: got no crops"),
        ([CROPS], r"goes with \[crops\]: got crops without the loss"),
        ([CROPS, TAUGHT], "its teacher is the average of the weights: set training.ema"),
        ([CROPS, TAUGHT, *EMA], "expected random_resized_crop among the transforms"),
        ([*OVERRIDES, "model.head={name='pcb'}"], "expected a model of one vector, got branches or a head"),
    ],
)
def test_what_does_not_go_with_crops_is_one_line(recipe_file, overrides, message):
    with pytest.raises(ReseenError, match=message):
        read_recipe(recipe_file, overrides=overrides)


def test_a_network_of_one_image_size_refuses_smaller_crops(market, recipe_file):
    vit = ["model.backbone=vit_tiny_patch16_224", "model.weights=none"]
    with pytest.raises(ReseenError, match=r"crops\.size: this network takes no images of 32 x 32"):
        parts_of(market, recipe_file, [*OVERRIDES, *vit])
