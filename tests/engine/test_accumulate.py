"""Accumulation: an optimiser's step follows the mean gradient of its batches, however many there are."""

import pytest

from walking import walk


@pytest.mark.parametrize(("batches", "accumulate", "steps"), [(4, 3, 2), (4, 2, 2), (2, 5, 1), (7, 3, 3)])
def test_the_last_and_smaller_group_of_an_epoch_weighs_like_the_others(recipe_file, batches, accumulate, steps):
    line = "optimizer={name='sgd', learning_rate=0.5, momentum=0.0}"
    overrides = (line, "schedule.name=constant", "training={epochs=1}", f"training.accumulate={accumulate}")
    (moved,) = walk(str(recipe_file), *overrides, batches=batches, epochs=1)
    assert moved.head == pytest.approx(0.5 * steps), "every batch's gradient is 1, so any mean of them is"
