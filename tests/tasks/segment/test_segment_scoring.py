"""Scores against a confusion matrix counted by hand."""

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from drawn_scenes import draw_labels
from reseen.engine.hardware import one_device
from reseen.progress import Silent
from reseen.tasks.segment.chance import CELLS, chance, most_frequent
from reseen.tasks.segment.classes import CLASS_NAMES, CLASS_OF_ID, IGNORE
from reseen.tasks.segment.reader import read_scenes
from reseen.tasks.segment.scoring import Scorer


def scored(found, labels):
    scorer = Scorer(fabric=one_device(), inference="by hand")
    for one, other in zip(found, labels, strict=True):
        scorer.add(torch.as_tensor(one)[None], torch.as_tensor(other)[None])
    return scorer.report(images=len(found))


def test_mean_intersection_over_union_equals_a_case_computed_by_hand():
    """Class 0: 2 of 3 right and 1 more told: 2/4. Class 1: 1 right, 1 told wrongly, 1 missed: 1/3."""
    labels = [[0, 0, 0, 1], [1, IGNORE, IGNORE, IGNORE]]
    found = [[0, 0, 1, 0], [1, 2, 0, 1]]
    report = scored([found], [labels])
    assert report.iou[:3] == pytest.approx([2 / 4, 1 / 3, 0])
    assert report.miou == pytest.approx((2 / 4 + 1 / 3) / 2)  # class 2 was found where nothing counts
    assert report.accuracy == pytest.approx(3 / 5)
    assert report.confusion[:2, :2].tolist() == [[2, 1], [1, 1]]
    rows = {row.name: row for row in report.per_class()}
    assert rows["road"] == ("road", pytest.approx(3 / 5), pytest.approx(2 / 4))
    assert rows["sky"].iou is None


def test_a_class_that_is_only_found_counts_as_nothing_right():
    report = scored([[[0, 0, 5]]], [[[0, 0, 0]]])
    assert report.miou == pytest.approx((2 / 3 + 0) / 2)
    assert {row.name for row in report.per_class() if row.iou == 0} == {"pole"}


def test_intersection_over_union_equals_scikit_learns_jaccard():
    random = np.random.default_rng(0)
    labels = random.choice([*range(12), IGNORE], size=(4, 20, 30))
    found = np.where(random.random(labels.shape) < 0.5, labels % 19, random.integers(0, 14, labels.shape))
    report = scored(found, labels)
    counts = labels != IGNORE
    matrix = confusion_matrix(labels[counts], found[counts], labels=range(19))
    assert np.array_equal(report.confusion, matrix)
    union = matrix.sum(0) + matrix.sum(1) - matrix.diagonal()
    expected = [matrix[k, k] / union[k] for k in range(19) if union[k]]
    assert report.miou == pytest.approx(np.mean(expected), rel=1e-6)
    assert report.accuracy == pytest.approx(matrix.diagonal().sum() / matrix.sum(), rel=1e-6)


def test_chance_answers_with_the_usual_class_of_each_place(scenes):
    splits = read_scenes(scenes())
    usual = most_frequent(splits.train, progress=Silent())
    assert usual.shape == CELLS
    classes = [CLASS_OF_ID[draw_labels(number)] for number in range(6)]
    for i, j in ((0, 0), (40, 5), (30, 40), (34, 90)):
        seen = np.bincount([one[i // 2, j // 2] for one in classes if one[i // 2, j // 2] != IGNORE], minlength=19)
        assert usual[i, j] == seen.argmax()
    report = chance(splits, progress=Silent())
    assert 0.3 < report.accuracy < 1
    assert report.images == 2
    assert CLASS_NAMES[usual[0, 0]] == "sky"
