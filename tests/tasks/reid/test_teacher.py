"""A teacher is any finished run on the same identities; its answers reach the loss, and it stays as it was."""

import pytest
import torch

from reseen.errors import ReseenError
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.train import train

TAUGHT = "losses.distillation={temperature=16.0}"


def test_a_student_learns_from_a_finished_run_which_stays_as_it_was(market, recipe_file, tmp_path):
    data = market()
    teacher = train(recipe_file, data=data, out=tmp_path / "teacher", overrides=["training.epochs=1"]).run
    before = teacher.best_weights.read_bytes()
    overrides = [TAUGHT, f"teacher={teacher.path}", "training.epochs=1", "seed=5"]
    student = train(recipe_file, data=data, out=tmp_path / "student", overrides=overrides).run
    assert teacher.best_weights.read_bytes() == before
    (row,) = [row for row in student.metrics() if "losses" in row]
    assert row["losses"]["distillation"] > 0
    assert load_model(student.best_weights).state_dict().keys() == load_model(teacher.best_weights).state_dict().keys()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.image_size=[64, 32]"], r"teacher: .*expected data\.image_size \(64, 32\) as here, got"),
        (["data.mean=[0.1, 0.2, 0.3]", "data.std=[1.0, 1.0, 1.0]"], r"expected data\.normalisation"),
    ],
)
def test_a_teacher_that_sees_other_images_is_refused(market, recipe_file, tmp_path, overrides, message):
    data = market()
    teacher = train(recipe_file, data=data, out=tmp_path / "teacher", overrides=["training.epochs=1"]).run
    with pytest.raises(ReseenError, match=message):
        train(
            recipe_file, data=data, out=tmp_path / "student", overrides=[TAUGHT, f"teacher={teacher.path}", *overrides]
        )


@pytest.mark.parametrize("overrides", [[TAUGHT], ["teacher=runs/large"]])
def test_loss_and_teacher_go_together(recipe_file, overrides):
    with pytest.raises(ReseenError, match=r"losses\.distillation goes with a teacher"):
        read_recipe(recipe_file, overrides=overrides)


def test_a_teacher_is_no_part_of_what_is_trained():
    from reseen.losses import LOSSES, WeightedSum
    from reseen.tasks.reid.learner import Learner

    losses = WeightedSum({"cross_entropy": LOSSES["cross_entropy"]()}, weights={"cross_entropy": 1.0})
    learner = Learner(torch.nn.Linear(2, 2), losses, teacher=torch.nn.Linear(3, 3))
    assert {parameter.shape[-1] for parameter in learner.parameters()} == {2}
