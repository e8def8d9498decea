"""Scores of a classifier against scikit-learn and a case counted by hand."""

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, precision_score, recall_score, top_k_accuracy_score

from reseen.tasks.classify.classes import ClassSplit, ClassSplits, Files
from reseen.tasks.classify.confusion import plot_confusion, row_shares
from reseen.tasks.classify.scoring import chance, report_on


def drawn(classes: int, count: int = 200):
    generator = torch.Generator().manual_seed(classes)
    labels = torch.randint(classes, (count,), generator=generator)
    logits = torch.randn(count, classes, generator=generator) + 1.5 * torch.nn.functional.one_hot(labels, classes)
    return logits, labels, tuple(f"class {k}" for k in range(classes))


@pytest.mark.parametrize("classes", [3, 8, 40])
def test_scores_are_scikit_learns(classes):
    logits, labels, names = drawn(classes)
    report = report_on(logits, labels, class_names=names)
    told = logits.argmax(dim=1)
    assert report.top1 == pytest.approx(float((told == labels).double().mean()), abs=1e-6)
    assert np.array_equal(report.confusion, confusion_matrix(labels, told, labels=range(classes)))
    if classes > 5:
        assert report.top5 == pytest.approx(top_k_accuracy_score(labels, logits, k=5, labels=range(classes)), abs=1e-6)
    else:
        assert report.top5 is None
        assert set(report.scores()) == {"top1"}
    rows = report.per_class()
    recalls = recall_score(labels, told, average=None, labels=range(classes), zero_division=np.nan)
    precisions = precision_score(labels, told, average=None, labels=range(classes), zero_division=np.nan)
    for row, recall, precision in zip(rows, recalls, precisions, strict=True):
        assert row.recall == (pytest.approx(recall) if not np.isnan(recall) else None)
        assert row.precision == (pytest.approx(precision) if not np.isnan(precision) else None)


def test_a_class_without_images_has_no_share():
    logits = torch.eye(3)[[0, 0, 1]]
    report = report_on(logits, torch.tensor([0, 1, 1]), class_names=("a", "b", "c"))
    assert report.confusion.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert [(row.images, row.recall, row.precision) for row in report.per_class()] == [
        (1, 1.0, 0.5),
        (2, 0.5, 1.0),
        (0, None, None),
    ]
    shares = row_shares(report.confusion)
    assert shares[:2].tolist() == [[1, 0, 0], [0.5, 0.5, 0]]
    assert np.isnan(shares[2]).all()


def test_chance_answers_the_most_frequent_training_class():
    splits = ClassSplits(
        "folder",
        None,
        ("a", "b"),
        *(ClassSplit(Files([]), np.array(labels)) for labels in ([0, 1, 1], [1, 0, 0, 0])),
        "",
    )
    assert chance(splits) == 0.25


@pytest.mark.parametrize("classes", [3, 20, 60])
def test_the_confusion_plot_names_classes_while_they_fit(classes):
    logits, labels, names = drawn(classes)
    axes = plot_confusion(report_on(logits, labels, class_names=names)).axes[0]
    labelled = [text.get_text() for text in axes.get_xticklabels()]
    assert (labelled == list(names)) == (classes <= 40)
    assert bool(axes.texts) == (classes <= 16)
