import math

import pytest
import torch
from torch import nn

from reseen.errors import ReseenError
from reseen.recipe.schedules import OPTIMIZERS, constant, cosine, poly, step, with_warmup
from reseen.tasks.reid.recipe import read_recipe


def test_step_multiplies_at_each_milestone():
    schedule = step(milestones=[40, 70], factor=0.1)
    assert [schedule(epoch) for epoch in (0, 39.9, 40, 69.9, 70, 120)] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_cosine_falls_from_one_to_its_end():
    schedule = cosine(epochs=10, final=0.2)
    assert schedule(0) == 1
    assert schedule(5) == pytest.approx(0.6)  # half-way between 1 and .2
    assert schedule(2.5) == pytest.approx(0.2 + 0.8 * (1 + math.sqrt(0.5)) / 2)
    assert schedule(10) == pytest.approx(0.2)


def test_a_cosine_may_begin_to_fall_later():
    schedule = cosine(epochs=10, final=0.2, begin=6)
    assert [schedule(done) for done in (0, 3, 6)] == [1, 1, 1]
    assert schedule(8) == pytest.approx(0.6)  # half of the four epochs that are left
    assert schedule(10) == pytest.approx(0.2)
    with pytest.raises(ReseenError, match=r"schedule: cosine: begin: expected less than training.epochs, 7, got 9"):
        read_recipe("demo", overrides=["schedule={name='cosine', begin=9}", "training.epochs=7"])


def test_poly_falls_as_a_power_of_what_is_left():
    schedule = poly(epochs=10, power=2.0)
    assert [schedule(epoch) for epoch in (0, 5, 9, 10, 11)] == pytest.approx([1, 0.25, 0.01, 0, 0])
    assert poly(epochs=10)(5) == pytest.approx(0.5**0.9)


def test_warmup_never_trains_at_zero():
    schedule = with_warmup(constant(), epochs=10, start=0.01)
    assert schedule(0) == pytest.approx(0.01)
    assert schedule(5) == pytest.approx(0.505)  # the middle of .01 and 1
    assert schedule(10) == schedule(11) == 1


def test_epochs_before_the_warmup_are_trained_at_the_full_rate():
    schedule = with_warmup(step(milestones=[20]), epochs=4, start=0.2, begin=9)
    assert [schedule(done) for done in (0, 8.9, 9, 11, 13, 20)] == pytest.approx([1, 1, 0.2, 0.6, 1, 0.1])


def test_a_warmup_by_epoch_keeps_its_rate_through_an_epoch():
    schedule = with_warmup(constant(), epochs=4, start=0.2, begin=1, by_epoch=True)
    assert [schedule(done) for done in (0.9, 1, 1.9, 2, 2.5, 5)] == pytest.approx([1, 0.2, 0.2, 0.4, 0.4, 1])


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_downhill(name, fused):
    weight = nn.Parameter(torch.tensor([3.0]))
    optimizer = OPTIMIZERS[name](parameters=[weight], fused=fused, learning_rate=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        (weight**2).sum().backward()
        optimizer.step()
    assert weight.item() < 2
