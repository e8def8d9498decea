"""Rates by depth, weight decay without norms, frozen statistics, beside what their definitions give."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from reseen.engine.assemble import assemble
from reseen.engine.checkpoint import Place, load_checkpoint
from reseen.engine.hardware import launch
from reseen.engine.loop import train_step
from reseen.engine.pretrained import resolved
from reseen.engine.rates import parameter_groups
from reseen.engine.task import TaskComponents
from reseen.errors import ReseenError
from reseen.losses import LossTerms
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.train import train
from walking import Batch, Batches

LAYERS = ("conv1", "bn1"), ("layer1",), ("layer2",), ("layer3",), ("layer4",)
"""timm's groups of the tiny ResNet, from the lowest."""
ATTENTION = "model.attention.stage2={name='rga_c', reduction=2, gate_reduction=2}"
STEP = "optimizer={name='sgd', learning_rate=0.5, momentum=0.0, weight_decay=0.1}"


class Summed(nn.Module):
    """The sum of all trainable weights, so that every gradient is 1."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, _: Batch) -> LossTerms:
        total = sum(parameter.sum() for parameter in self.parameters() if parameter.requires_grad)
        return LossTerms(total, {"sum": total})


def parts_of(recipe_file, *overrides):
    """The tiny recipe's network under `Summed`, assembled as the recipe says."""
    recipe = resolved(read_recipe(recipe_file, overrides=overrides))
    model, batches = build_embedder(recipe, num_identities=3, start_weights=False), Batches(1)
    components = TaskComponents(model, Summed(model), batches, batches, backbone=model.backbone)
    return assemble(components, recipe, fabric=launch(recipe.hardware))


def moved(recipe_file, *overrides) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Name -> a weight before, and how far it went down in one step of `STEP`."""
    parts = parts_of(recipe_file, "schedule.name=constant", "training={epochs=1}", STEP, *overrides)
    before = {name: value.detach().clone() for name, value in parts.model.named_parameters() if value.requires_grad}
    train_step(parts, Batch(), Place(), epoch_fraction=0.0, step_optimizer=True)
    after = dict(parts.model.named_parameters())
    return {name: (value, value - after[name].detach()) for name, value in before.items()}


def depth(name: str) -> int | None:
    """Groups above a weight of the backbone's own; None for one that has no start weights."""
    path = name.removeprefix("backbone.body.")
    if path == name or ".attention." in path:
        return None
    (group,) = (number for number, starts in enumerate(LAYERS) if path.startswith(starts))
    return len(LAYERS) - 1 - group


def test_each_layer_of_the_backbone_trains_at_its_own_rate_and_what_is_new_at_the_whole_one(recipe_file):
    for name, (before, down) in moved(
        recipe_file, "training.pretrained_rate=0.2", "training.layer_decay=0.5", ATTENTION
    ).items():
        share = 1.0 if depth(name) is None else 0.2 * 0.5 ** depth(name)
        expected = 0.5 * share * (1 + 0.1 * before)  # rate * (gradient + decay * weight)
        assert torch.allclose(down, expected, atol=1e-6), name


def test_a_rate_of_the_backbone_alone_needs_no_groups_of_layers(recipe_file):
    weights = moved(recipe_file, "training.pretrained_rate=0.2", ATTENTION)
    for name, (before, down) in weights.items():
        share = 1.0 if depth(name) is None else 0.2
        assert torch.allclose(down, 0.5 * share * (1 + 0.1 * before), atol=1e-6), name
    assert {depth(name) for name in weights} == {None, 0, 1, 2, 3, 4}, "the attention and every layer were looked at"


def test_biases_have_a_rate_of_their_own(recipe_file):
    weights = moved(recipe_file, "training.bias_rate=2.0", "training.pretrained_rate=0.2")
    biases = [name for name in weights if name.endswith(".bias")]
    assert 0 < len(biases) < len(weights)
    for name, (before, down) in weights.items():
        share = (1.0 if depth(name) is None else 0.2) * (2.0 if name in biases else 1.0)
        assert torch.allclose(down, 0.5 * share * (1 + 0.1 * before), atol=1e-6), name


def test_a_backbone_that_is_frozen_for_two_iterations_moves_in_the_third(recipe_file):
    parts = parts_of(recipe_file, "schedule.name=constant", "training={epochs=1, freeze_iterations=2}", STEP)
    parts = replace(parts, batches=Batches(3))
    for step, moves in enumerate((False, False, True)):
        before = {name: value.detach().clone() for name, value in parts.model.named_parameters()}
        train_step(parts, Batch(), Place(0, step), epoch_fraction=0.0, step_optimizer=True)
        for name, value in parts.model.named_parameters():
            expected = value.requires_grad and (moves or not name.startswith("backbone."))
            assert (not torch.equal(value, before[name])) == expected, (step, name)


def test_without_decay_of_norms_only_what_has_two_dimensions_shrinks(recipe_file):
    for name, (before, down) in moved(recipe_file, "training.decay_norms=false").items():
        decay = 0.1 if before.ndim > 1 else 0.0
        assert torch.allclose(down, 0.5 * (1 + decay * before), atol=1e-6), name


def test_by_default_there_is_one_group_in_the_learners_order(recipe_file):
    parts = parts_of(recipe_file)
    (group,) = parts.optimizer.param_groups
    trainable = [parameter for parameter in parts.learner.parameters() if parameter.requires_grad]
    assert [id(parameter) for parameter in group["params"]] == [id(parameter) for parameter in trainable]
    bare = torch.optim.Adam(trainable, lr=1e-3, weight_decay=0.0)
    assert parts.optimizer.state_dict()["param_groups"] == bare.state_dict()["param_groups"]


def test_a_body_that_does_not_group_its_layers_is_refused_in_one_line(recipe_file):
    recipe = read_recipe(recipe_file, overrides=["training.layer_decay=0.8"])
    model = build_embedder(recipe, num_identities=3, start_weights=False)
    model.backbone.body = nn.Sequential(nn.Conv2d(3, 4, 1))
    with pytest.raises(ReseenError, match=r"^training\.layer_decay: Sequential does not group its layers .*leave"):
        parameter_groups(model, model.backbone, settings=recipe.training)


def norms_of(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in state.items() if "running_" in name}


@pytest.mark.parametrize("overrides", [(), ("training.ema=0.9", "training.layer_decay=0.7")])
def test_frozen_norms_keep_their_statistics_through_training_and_scoring(market, recipe_file, tmp_path, overrides):
    settings = ["training.freeze_norms=true", "evaluation.every=1", ATTENTION, *overrides]
    recipe = resolved(read_recipe(recipe_file, overrides=settings))
    start = build_embedder(recipe, num_identities=6, start_weights=True).state_dict()
    run = train(recipe, data=market(), out=tmp_path / "run").run
    saved = load_checkpoint(run.last_checkpoint)
    end = {name.removeprefix("model."): value for name, value in saved["learner"].items()}
    states = [end] if saved["averaged"] is None else [end, saved["averaged"]]
    for state in states:
        for name, value in norms_of(state).items():
            frozen = name.startswith("backbone.") and ".attention." not in name
            assert torch.equal(value, start[name]) == frozen, name
    weights = [name for name in end if ".bn" in name and name.endswith(".weight")]
    assert weights
    assert all(not torch.equal(end[name], start[name]) for name in weights), "their weights train"


def test_a_run_with_groups_goes_on_where_it_was_stopped(market, recipe_file, tmp_path):
    from reseen.engine.interrupt import Stopped
    from stopping import Recorder, assert_same_end

    data = market()
    overrides = ["training.pretrained_rate=0.1", "training.decay_norms=false", "training.freeze_norms=true"]
    whole = train(recipe_file, data=data, out=tmp_path / "whole", overrides=overrides).run
    with pytest.raises(Stopped):
        train(recipe_file, data=data, out=tmp_path / "cut", overrides=overrides, progress=Recorder(at_step=5))
    train(recipe_file, data=data, out=tmp_path / "cut", overrides=overrides, resume=True)
    assert_same_end(whole.path, tmp_path / "cut")
    assert max(row["learning_rate"] for row in whole.metrics()) > 5e-5, "what is new trains at the recipe's rate"
