"""Self-distillation against a direct form in float64, pair by pair, and its centre and temperatures by hand."""

import numpy as np
import pytest
import torch

from reseen.errors import ReseenError
from reseen.losses.self_distillation import SelfDistillation, self_distillation
from reseen.types import Output

LABELS = torch.tensor([0, 0, 1, 1])
WIDTH, OUTPUTS = 6, 5


def made(**settings: object) -> SelfDistillation:
    torch.manual_seed(0)
    small = {"outputs": OUTPUTS, "hidden": 7, "taught_temperatures": (0.05, 0.2), **settings}
    loss = self_distillation(width=WIDTH, **small)
    assert isinstance(loss, SelfDistillation)
    return loss.double()


def output_of(*, crops: int) -> Output:
    draw = torch.Generator().manual_seed(1)
    features = tuple(torch.randn(len(LABELS), WIDTH, generator=draw).double() for _ in range(crops))
    taught = tuple(torch.rand(len(LABELS), OUTPUTS, generator=draw).double() * 2 - 1 for _ in range(2))
    return Output(features[0], (features[0],), (features[0],), (), crops=features, taught_crops=taught)


def direct(projected: list[np.ndarray], taught: list[np.ndarray], *, centre: np.ndarray, temperature: float) -> float:
    """The mean over teacher's crops, the model's other crops, and images, of the cross-entropy."""
    costs = []
    for t, answer in enumerate(taught):
        for s, own in enumerate(projected):
            if t == s:
                continue
            for target, row in zip(answer, own, strict=True):
                raised = np.exp((target - centre) / temperature)
                model = np.exp(row / 0.1)
                costs.append(-np.sum(raised / raised.sum() * np.log(model / model.sum())))
    return float(np.mean(costs))


@pytest.mark.parametrize("crops", [2, 5])
def test_the_loss_is_the_mean_cross_entropy_between_different_crops(crops: int) -> None:
    loss, output = made(), output_of(crops=crops)
    loss.centre.copy_(torch.linspace(-0.5, 0.5, OUTPUTS))
    centre = loss.centre.numpy().copy()
    with torch.no_grad():
        projected = [part.numpy() for part in loss.projector(torch.cat(output.crops)).chunk(crops)]
    expected = direct(projected, [part.numpy() for part in output.taught_crops], centre=centre, temperature=0.05)
    assert loss(output, LABELS).item() == pytest.approx(expected, rel=1e-9)


def test_a_projection_is_the_cosines_to_learned_directions() -> None:
    projector, features = made().projector, output_of(crops=2).crops[0]
    with torch.no_grad():
        vectors = projector.layers(features).numpy()
        directions = projector.directions.numpy()
        units = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (vectors, directions)]
        np.testing.assert_allclose(projector(features).numpy(), units[0] @ units[1].T, rtol=1e-9)


def test_the_centre_moves_by_a_tenth_to_the_mean_answer_after_the_loss_is_computed() -> None:
    loss, output = made(), output_of(crops=3)
    loss(output, LABELS)
    mean = torch.cat(output.taught_crops).mean(dim=0)
    torch.testing.assert_close(loss.centre, 0.1 * mean)
    loss(output, LABELS)
    torch.testing.assert_close(loss.centre, 0.19 * mean)


def test_the_teachers_temperature_rises_from_epoch_to_epoch_and_then_stays() -> None:
    loss = made(rising_epochs=4, epoch_steps=2)
    found = []
    for seen in range(12):
        loss.seen.fill_(seen)
        found.append(round(float(loss.taught_temperature()), 6))
    assert found == [0.05, 0.05, 0.1, 0.1, 0.15, 0.15] + [0.2] * 6


def test_gradients_reach_the_crops_and_the_projection_and_not_the_teacher() -> None:
    loss, output = made(), output_of(crops=3)
    crops = tuple(crop.requires_grad_() for crop in output.crops)
    taught = tuple(answer.requires_grad_() for answer in output.taught_crops)
    loss(output._replace(crops=crops, taught_crops=taught), LABELS).backward()
    assert all(crop.grad is not None and crop.grad.any() for crop in crops)
    assert all(answer.grad is None for answer in taught)
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in loss.projector.parameters())


def test_without_crops_it_says_what_it_needs() -> None:
    with pytest.raises(ReseenError, match=r"\[crops\], and training.ema as its teacher"):
        made()(output_of(crops=3)._replace(crops=(), taught_crops=()), LABELS)
