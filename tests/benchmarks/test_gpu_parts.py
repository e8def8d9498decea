"""The parts of `python benchmarks/gpu`: settings at full size are real ones, and equality compares like with like."""

from pathlib import Path

import pytest
import torch

import accuracy
from gpu import accuracy_part, tasks_part, training_part
from gpu.equality import DIRECT, both_ways, by_definition, relative
from gpu.part import Setting
from reseen.attention import ATTENTIONS
from reseen.engine.pretrained import resolved
from reseen.models import MODELS
from reseen.recipe.training import read_as, task_of
from reseen.tasks.ablate import ABLATIONS
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import read_recipe
from reseen.types import FeatureMap

CARD = Setting("cuda", smoke=False, scratch=Path("scratch"), workers=14)


def test_rga_by_its_definition_with_our_weights_is_ours_in_values_and_gradients():
    feature_map = FeatureMap(64, 16, 8)
    torch.manual_seed(0)
    ours = ATTENTIONS["rga_sc"](feature_map).double()
    direct = by_definition(ours, feature_map).double()
    maps, towards = torch.randn(2, 2, *feature_map, dtype=torch.float64)
    wanted, got = both_ways(ours, maps, towards), both_ways(direct, maps, towards)
    assert max(relative(one, two) for one, two in zip(got, wanted, strict=True)) < 1e-12
    assert "direct" in DIRECT


@pytest.mark.parametrize("study", [accuracy_part.PERSONS, accuracy_part.VEHICLES], ids=lambda study: study.kind)
def test_the_rows_of_a_study_are_models_that_its_recipe_can_train(study):
    recipe = read_recipe(accuracy_part.HERE / f"{study.kind}s.toml")
    for row in study.rows:
        made = resolved(accuracy.ROWS.variant(row, recipe))
        assert made.model.attention or made.model.branches or row == study.rows[0]
    assert set(study.trial) <= set(study.rows)


def test_attention_fits_after_every_stage_of_the_persons_network():
    recipe = resolved(read_recipe(accuracy_part.HERE / "persons.toml", overrides=["model.backbone='resnet18'"]))
    assert len(build_embedder(recipe, num_identities=2, start_weights=False).backbone.slots) == 4


def test_a_run_is_begun_as_the_accuracy_benchmark_understands_it():
    study = accuracy_part.PERSONS
    job = accuracy_part.Job(study, "rga_sc", 2, Path("data"), Path("out"), ("training.epochs=3",))
    options = accuracy.arguments(job.arguments(CARD))
    recipe = read_recipe(options.recipe, overrides=options.set)
    assert (options.rows, options.seeds, options.data, options.out) == ("rga_sc", "2", Path("data"), Path("out"))
    assert (recipe.training.epochs, recipe.hardware.accelerator, recipe.data.workers) == (3, "cuda", 3)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("attention", [None, "rga_sc"])
def test_the_loop_is_measured_with_a_recipe_that_uses_the_card(attention, compiled):
    recipe = training_part.Bench(CARD).recipe(attention, compiled=compiled)
    assert recipe.hardware.compile is compiled
    assert (recipe.hardware.precision, recipe.hardware.channels_last) == ("bf16", True)
    assert bool(recipe.model.attention) == (attention is not None)


@pytest.mark.parametrize("study", [tasks_part.SCENES, tasks_part.TYPES], ids=lambda study: study.name)
def test_the_tasks_settings_at_full_size_are_settings_of_their_recipes(study):
    ablation = ABLATIONS[task_of(study.recipe)]
    settings = [*study.settings, *tasks_part.hardware(CARD)]
    recipe = read_as(ablation.task.recipe_type, study.recipe, overrides=settings)
    assert ablation.variant("rga_sc", recipe).model.attention
    assert not ablation.variant("baseline", recipe).model.attention


def test_the_systems_of_the_table_are_models_by_name():
    assert set(accuracy_part.BRANCHES) <= set(MODELS) | {f"{name}+metadata" for name in MODELS}


def test_a_neutral_row_differs_from_its_attention_in_the_start_alone():
    recipe = read_recipe(accuracy_part.HERE / "persons.toml")
    random, neutral = (accuracy.ROWS.variant(row, recipe) for row in ("rga_sc", "rga_sc+neutral"))
    assert {line.pop("start") for line in random.model.attention.values()} == {"random"}
    assert {line.pop("start") for line in neutral.model.attention.values()} == {"neutral"}
    assert random == neutral


@pytest.mark.parametrize("length", [3, 4, 9])
def test_the_clock_counts_each_step_once_however_long_an_epoch_is(length):
    clock = training_part.Clock(range(length), warm=2, last=7)
    taken = 0
    while not clock.over():
        for place, _ in enumerate(clock, start=1):
            taken += 1
            if place < length and clock.asked():  # the loop does not ask after an epoch's last step
                break
    assert taken >= 7
    assert clock.steps == taken
    assert clock.seconds > 0
