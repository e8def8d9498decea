"""The papers' recipes, epoch by epoch: the rate at which each part is trained, beside what the releases do.

Adam moves a weight whose gradient is always 1 by the learning rate in each step. RGA's and MBR's numbers are those of
the releases' own schedulers, run through their own loops; the Bag of Tricks' are those of its paper.
"""

import pytest

from reseen.tasks.reid.recipe import read_recipe
from walking import walk

STEPS = 2
"""Of an epoch; what is compared is their mean, so a rate that rose within an epoch would be seen."""

RGA = (
    [8e-6 + 3.96e-5 * epoch for epoch in range(20)]
    + [8e-4] * 60
    + [rate for rate in (4e-4, 2e-4, 1e-4, 5e-5, 2.5e-5, 1.25e-5, 6.25e-6) for _ in range(40)]
    + [3.125e-6] * 240
)
MBR_HEAD = (
    [1e-4] * 9
    + [1e-5, 2e-5, 3e-5, 4e-5, 5e-5, 6e-5, 7e-5, 8e-5, 9e-5, 1e-4]
    + [1e-4] * 29
    + [1e-5] * 30
    + [1e-6] * 30
    + [1e-7] * 22
)
MBR_TRUNK = [0.0] * 9 + MBR_HEAD[9:]
BAG_OF_TRICKS = [3.5e-5 * epoch for epoch in range(1, 11)] + [3.5e-4] * 30 + [3.5e-5] * 30 + [3.5e-6] * 50


def trained_at(name: str) -> tuple[list[float], list[float]]:
    """The rates of trunk and head in every epoch of a recipe."""
    moved = walk(name, batches=STEPS, epochs=read_recipe(name).training.epochs)
    return [each.trunk / STEPS for each in moved], [each.head / STEPS for each in moved]


def close(rates: list[float]) -> object:
    """The weight decay of 5e-4, on weights that stay below 0.2, moves the fourth digit."""
    return pytest.approx(rates, rel=1e-3)


def test_rga_trains_each_of_its_600_epochs_at_the_releases_rate() -> None:
    trunk, head = trained_at("rga-sc-cuhk03-labelled")
    assert trunk == head == close(RGA)


def test_mbr_trains_and_rests_in_each_of_its_130_epochs_as_the_release_does() -> None:
    trunk, head = trained_at("mbr-4b-veri776")
    assert head == close(MBR_HEAD)
    assert trunk == close(MBR_TRUNK), "the trunk rests for nine epochs, and thaws as the warm-up begins"


ROWS = [
    f"{model}{row}-veri776" for model in ("mbr-4b", "mbr-4b-lka", "mbr-4b-hca", "lka-reid") for row in ("", "-metadata")
]


@pytest.mark.parametrize("name", ROWS)
def test_the_rows_of_lka_reids_table_differ_from_mbr_in_nothing_but_the_model(name: str) -> None:
    recipe, baseline = read_recipe(name), read_recipe("mbr-4b-veri776")
    assert recipe.model_copy(update={"model": baseline.model}) == baseline
    assert recipe.hardware.precision == "fp32"
    erasing = recipe.transforms["random_erasing"]
    assert (erasing["area"], erasing["aspect_drawn"], erasing["fill"]) == ([0.02, 0.33], "log_uniform", 0.0)


@pytest.mark.parametrize("name", ["market1501-resnet50-bot", "veri776-resnet50-bot"])
def test_bag_of_tricks_trains_each_of_its_120_epochs_at_the_papers_rate(name: str) -> None:
    trunk, head = trained_at(name)
    assert trunk == head == close(BAG_OF_TRICKS)


@pytest.mark.parametrize("name", ["market1501-resnet50-bot", "veri776-resnet50-bot"])
def test_bag_of_tricks_erases_with_imagenets_mean_of_pixels(name: str) -> None:
    erasing = read_recipe(name).transforms["random_erasing"]
    assert (erasing["fill"], erasing["aspect_drawn"]) == ([0.485, 0.456, 0.406], "uniform")
