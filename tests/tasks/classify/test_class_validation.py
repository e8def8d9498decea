"""Held-out training images: a share of each class, decided by the seed, that neither trains nor is reported on."""

import numpy as np
import pytest

from reseen.engine.interrupt import Stopped
from reseen.engine.train import train_task
from reseen.errors import ReseenError
from reseen.recipe.training import read_as
from reseen.tasks.classify import CLASSIFICATION
from reseen.tasks.classify.classes import ClassSplit
from reseen.tasks.classify.evaluate import evaluate_run
from reseen.tasks.classify.readers import read_classes
from reseen.tasks.classify.recipe import ClassifyRecipe
from reseen.tasks.classify.report import report_run
from reseen.tasks.classify.validation import held_rows, hold_out
from stopping import Recorder, assert_same_end


def read(recipe, *overrides) -> ClassifyRecipe:
    return CLASSIFICATION.resolve(read_as(ClassifyRecipe, recipe, overrides=overrides))


def names(split: ClassSplit) -> list[str]:
    return [path for path, _ in split.source.samples]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_each_class_holds_out_its_share_and_at_least_one_image_where_it_has_two(share):
    labels = np.repeat([0, 1, 2, 3], [40, 8, 2, 1])
    held = held_rows(labels, share=share, seed=0)
    assert np.bincount(labels[held], minlength=4).tolist() == [round(40 * share), max(1, round(8 * share)), 1, 0]


def test_the_seed_decides_which_images_are_held_out():
    labels = np.repeat([0, 1], 50)
    first, again, other = (held_rows(labels, share=0.2, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_held_out_images_no_longer_train_and_keep_their_classes(class_folder, classify_recipe):
    splits = read_classes(class_folder())
    apart = hold_out(splits, read(classify_recipe, "validation.images=0.3"))
    assert sorted(names(apart.train) + names(apart.val)) == sorted(names(splits.train))
    assert np.bincount(apart.val.labels).tolist() == [2, 2, 2]
    assert [label for _, label in apart.val.source.samples] == apart.val.labels.tolist()


def test_images_that_are_no_files_are_held_out_too():
    images = [(f"image {number}", number % 2) for number in range(6)]
    split = ClassSplit(images, np.arange(6) % 2).rows(np.array([False, True, False, False, True, True]))
    assert [split.source[index] for index in range(len(split.source))] == [images[1], images[4], images[5]]
    assert split.labels.tolist() == [1, 0, 1]


def test_epochs_are_chosen_on_held_out_images_and_the_test_is_scored_at_the_end(
    class_folder, classify_recipe, tmp_path
):
    said = Recorder()
    recipe = read(classify_recipe, "validation.images=0.3", "evaluation.every=1")
    data = class_folder()
    trained = train_task(CLASSIFICATION, recipe, data=data, out=tmp_path / "run", progress=said)
    run = trained.run
    assert run.data()["held_out"] == {"images": 6, "classes": 3}
    assert "6 of 18 training images, of 3 classes, held out for validation" in said.lines
    assert trained.best_score == max(row["top1"] for row in run.metrics())
    assert all((6 * row["top1"]) == pytest.approx(round(6 * row["top1"])) for row in run.metrics())
    report = evaluate_run(run).report
    assert report.confusion.sum() == 9, "the data set's own validation images"
    page = report_run(run).read_text()
    assert "on 12 images of 3 classes" in page
    assert (
        "6 more training images were held out for validation, on which the best of 2 scored epochs was chosen." in page
    )


def test_a_page_of_a_run_that_holds_nothing_out_says_that_the_same_images_chose_the_epoch(
    class_folder, classify_recipe, tmp_path
):
    recipe = read(classify_recipe, "evaluation.every=1")
    run = train_task(CLASSIFICATION, recipe, data=class_folder(), out=tmp_path / "run").run
    assert "held_out" not in run.data()
    assert "chosen on the same images" in report_run(run).read_text()


def test_a_resumed_run_holds_the_same_images_out(class_folder, classify_recipe, tmp_path):
    data, recipe = class_folder(), read(classify_recipe, "validation.images=0.3")
    train_task(CLASSIFICATION, recipe, data=data, out=tmp_path / "whole")
    with pytest.raises(Stopped):
        train_task(CLASSIFICATION, recipe, data=data, out=tmp_path / "cut", progress=Recorder(at_step=4))
    train_task(CLASSIFICATION, recipe, data=data, out=tmp_path / "cut", resume=True)
    assert_same_end(tmp_path / "whole", tmp_path / "cut")


def test_classes_of_one_image_each_are_too_few_to_hold_any_out(class_folder, classify_recipe, tmp_path):
    recipe = read(classify_recipe, "validation.images=0.2")
    with pytest.raises(ReseenError, match=r"at least 2 training images, .*got 3 images of 3 classes") as caught:
        train_task(CLASSIFICATION, recipe, data=class_folder(shots=1), out=tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "recipe.toml").exists()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("validation.images=0.6", r"validation\.images: .*less than or equal to 0\.5, got 0\.6"),
        ("validation.choose=true", r"validation: choose: expected images above 0"),
        ("validation.identities=0.2", r"validation: no setting 'identities'"),
    ],
)
def test_a_bad_setting_of_the_validation_is_one_line(classify_recipe, override, message):
    with pytest.raises(ReseenError, match=message) as caught:
        read_as(ClassifyRecipe, classify_recipe, overrides=[override])
    assert "\n" not in str(caught.value)
