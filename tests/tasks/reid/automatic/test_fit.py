from dataclasses import replace

import pytest

from reseen.errors import ReseenError
from reseen.tasks.reid.automatic.choices import CHOICES, CPU, GPU
from reseen.tasks.reid.automatic.facts import SetFacts
from reseen.tasks.reid.automatic.fit import fit
from reseen.tasks.reid.automatic.plan import plan
from reseen.tasks.reid.automatic.speed import Speed
from reseen.tasks.reid.recipe import PLACEHOLDERS, read_recipe

FACTS = SetFacts(
    images=1200,
    identities=100,
    images_per_identity=12,
    cameras=4,
    height=500,
    width=400,
    largest=250_000,
    sided=False,
    test_images=600,
    can_validate=True,
)


def never(_recipe):
    raise AssertionError("speed is measured only where minutes are given")


def fitted(facts=FACTS, *overrides, scale=CPU, measure=never):
    return fit(read_recipe("finetune", overrides=overrides), facts, scale, measure=measure)


def at_a_cost(recipe):
    """5 ms an image of 128 x 128 in training, 2 in embedding, and in proportion to the area."""
    height, width = recipe.data.image_size
    ratio = height * width / 128**2
    return Speed(0.005 * ratio, 0.002 * ratio)


def test_every_placeholder_has_a_choice():
    assert set(CHOICES) == set(PLACEHOLDERS)


@pytest.mark.parametrize("images", [100, 1_000, 100_000])
@pytest.mark.parametrize("scale", [CPU, GPU])
def test_sets_of_every_size_get_a_whole_recipe_with_reasons(images, scale):
    recipe, choices = fitted(replace(FACTS, images=images, identities=max(8, images // 12)), scale=scale)
    assert recipe.automatic == ()
    assert set(choices) == set(CHOICES)
    assert all(choice.reason for choice in choices.values())
    assert recipe.sampler.identities <= recipe.sampler.identities * recipe.sampler.images <= scale.batch


def test_larger_sets_are_passed_fewer_times():
    epochs = [fitted(replace(FACTS, images=images)).recipe.training.epochs for images in (100, 1_000, 100_000)]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] > epochs[-1] >= 1


def test_what_the_user_sets_is_kept():
    recipe, choices = fitted(FACTS, "training.epochs=5", "data.image_size=[64,96]")
    assert (recipe.training.epochs, recipe.data.image_size) == (5, (64, 96))
    assert "training.epochs" not in choices


@pytest.mark.parametrize(("height", "width"), [(256, 128), (100, 300), (16, 16), (480, 640)])
def test_the_image_size_has_the_shape_of_the_images(height, width):
    got_height, got_width = fitted(replace(FACTS, height=height, width=width)).recipe.data.image_size
    assert (got_height >= got_width) == (height >= width) or got_height == got_width
    assert got_height % 32 == got_width % 32 == 0
    assert got_height * got_width <= 1.3 * CPU.side**2


def test_tiny_images_are_not_blown_up():
    assert fitted(replace(FACTS, height=16, width=16)).recipe.data.image_size == (64, 64)


def test_images_with_left_and_right_views_are_not_mirrored():
    assert fitted(replace(FACTS, sided=True)).recipe.transforms["flip"]["probability"] == 0
    assert fitted().recipe.transforms["flip"]["probability"] == 0.5


def test_a_batch_holds_what_the_identities_have():
    recipe = fitted(replace(FACTS, images=300, images_per_identity=1.5)).recipe
    assert recipe.sampler.images == 2
    few = fitted(replace(FACTS, identities=8)).recipe
    assert few.sampler.identities == 8 - 3


def test_with_too_few_identities_nothing_is_held_out_and_the_line_says_so():
    recipe, choices = fitted(replace(FACTS, identities=6, can_validate=False))
    assert recipe.validation.identities == recipe.evaluation.every == 0
    assert "too few to hold any out" in choices["validation.identities"].reason


@pytest.mark.parametrize("minutes", [3, 5, 9])
def test_given_minutes_are_used_and_not_passed(minutes):
    recipe = fitted(FACTS, f"training.minutes={minutes}", measure=at_a_cost).recipe
    planned = plan(recipe, FACTS, at_a_cost(recipe)).minutes(recipe.training.epochs)
    assert 0.5 * minutes < planned <= minutes


def test_minutes_beyond_what_helps_are_not_used():
    usual = fitted().recipe.training.epochs
    assert fitted(FACTS, "training.minutes=500", measure=at_a_cost).recipe.training.epochs == 4 * usual


def test_more_minutes_bring_larger_images():
    areas = []
    for minutes in (1.2, 2, 10):
        height, width = fitted(FACTS, f"training.minutes={minutes}", measure=at_a_cost).recipe.data.image_size
        areas.append(height * width)
    assert areas == sorted(areas)
    assert areas[0] < areas[-1]


def test_fewer_epochs_come_before_smaller_images():
    usual = fitted().recipe
    costs = plan(usual, FACTS, at_a_cost(usual))
    for share, kept in ((0.45, True), (0.35, False)):
        minutes = (costs.epoch * share * usual.training.epochs + costs.rest) / 60
        recipe = fitted(FACTS, f"training.minutes={minutes}", measure=at_a_cost).recipe
        assert (recipe.data.image_size == usual.data.image_size) is kept
        assert (recipe.training.epochs < usual.training.epochs / 2) is kept


def test_minutes_for_less_than_an_epoch_are_refused_with_what_one_takes():
    with pytest.raises(ReseenError, match=r"training\.minutes: 0\.5 are too few: one epoch at 64 x 64.*about \d"):
        fitted(replace(FACTS, images=100_000), "training.minutes=0.5", measure=at_a_cost)


def test_minutes_beside_epochs_are_refused():
    with pytest.raises(ReseenError, match=r"training\.minutes: training\.epochs is set too"):
        fitted(FACTS, "training.minutes=5", "training.epochs=2", measure=at_a_cost)
