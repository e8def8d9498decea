"""`choose_network`: from a finished classification to the network that its run hands over, and the record of it.

N = images, C = channels.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import torch
from lightning_fabric import Fabric
from torch import Tensor

from reseen.engine.averages import averaged, keep_trained
from reseen.engine.checkpoint import load_card, save_weights
from reseen.engine.embed import collect
from reseen.engine.hardware import one_device
from reseen.engine.linear_heads import Head
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.models import load_weights, read_weights
from reseen.progress import SILENT, Progress
from reseen.recipe.training import read_as
from reseen.tasks.classify.build import build_classifier, evaluation_transform
from reseen.tasks.classify.choose.candidates import AVERAGES, Candidate, sampled_rows
from reseen.tasks.classify.choose.choice import Choice, Scored, choose, read_choice
from reseen.tasks.classify.choose.heads import fitted
from reseen.tasks.classify.classes import ClassSplit, ClassSplits, LabelledImages
from reseen.tasks.classify.load import splits_of
from reseen.tasks.classify.model import Classifier
from reseen.tasks.classify.recipe import ClassifyRecipe
from reseen.tasks.classify.validation import hold_out

Tensors: TypeAlias = Mapping[str, Tensor]


class Judged(NamedTuple):
    """A scored candidate, and its head."""

    scored: Scored
    head: Head


@dataclass(frozen=True)
class Judge:
    """What all candidates are scored with: held-out images, training images for the heads, and the device."""

    held_out: ClassSplit
    sample: ClassSplit
    classes: int
    recipe: ClassifyRecipe
    fabric: Fabric
    progress: Progress

    def of_all(self, model: Classifier, start: Tensors, trained: Tensors) -> list[Judged]:
        """All candidates; ``model`` only lends its layers. ReseenError if the untrained network cannot be scored."""
        judged: list[Judged] = []
        for share in AVERAGES:
            load_weights(model, averaged(start, trained, share=share))
            judged += self._of_fitted(model, share=share)
            if not judged:
                raise ReseenError(
                    "the untrained network gives an image a vector that is not finite, so nothing can be compared with "
                    "it; choose another backbone or other start weights"
                )
        load_weights(model, trained)
        return [*judged, *self._of_trained(model)]

    def _of_fitted(self, model: Classifier, *, share: float) -> Iterator[Judged]:
        name = Candidate(share, "class means").weights
        held_out, sample = (
            self._embed(model, split, f"{name}: embed {words} images")
            for split, words in ((self.held_out, "held-out"), (self.sample, "training"))
        )
        if not (held_out.isfinite().all() and sample.isfinite().all()):
            return
        labels = torch.from_numpy(self.sample.labels)
        for head_name, head in fitted(sample, labels, classes=self.classes).items():
            yield self._judged(Candidate(share, head_name), held_out, head)

    def _of_trained(self, model: Classifier) -> Iterator[Judged]:
        held_out = self._embed(model, self.held_out, "trained: embed held-out images")
        head = Head(model.head.weight.detach().float().cpu(), model.head.bias.detach().float().cpu())
        if held_out.isfinite().all() and all(tensor.isfinite().all() for tensor in head):
            yield self._judged(Candidate(1.0, "trained"), held_out, head)

    def _judged(self, candidate: Candidate, vectors: Tensor, head: Head) -> Judged:
        return Judged(Scored(candidate, head.answers(vectors) == self.held_out.labels), head)

    def _embed(self, model: Classifier, split: ClassSplit, description: str) -> Tensor:
        """(N, C): what the head sees of each image."""
        return collect(
            lambda batch: model.embed(batch.image),
            LabelledImages(split, transform=evaluation_transform(self.recipe)),
            fabric=self.fabric,
            batch_size=self.recipe.evaluation.batch_size,
            workers=self.recipe.data.workers,
            progress=self.progress,
            description=description,
        )


def choose_network(run: Run, *, progress: Progress = SILENT) -> Choice | None:
    """Choose the network that a finished training hands over, and write it as the run's best weights.

    ``trained.safetensors`` keeps the training's own best weights, ``untrained.safetensors`` is the start weights with
    the better head, and ``choice.json`` has every candidate with its score. ``choice.json`` is written last, so a call
    that was killed is simply repeated; with ``choice.json`` there it only reads.

    Args:
        run: The finished run, with the training's best weights.
        progress: Shows bars, and the reason as a line.

    Returns:
        The choice; None where the recipe wants none.

    Raises:
        ReseenError: The run has no weights, or an image cannot be read.

    Example (not run):
        ```python
        choose_network(open_run("runs/bodytype"))
        ```
    """
    recipe = read_as(ClassifyRecipe, run.recipe_file)
    if not recipe.validation.choose:
        return None
    if run.choice_file.exists():
        return read_choice(run.choice_file)
    keep_trained(run)
    splits = hold_out(splits_of(run, recipe), recipe)
    fabric, trained = one_device(), read_weights(run.trained_weights).tensors
    model = build_classifier(recipe, classes=len(splits.class_names), start_weights=True)
    start = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    judge = _judge(splits, recipe, fabric=fabric, progress=progress)
    fabric.to_device(model.eval())
    judged = judge.of_all(model, start, trained)
    choice = choose([entry.scored for entry in judged], splits.val.labels)
    heads = {entry.scored.candidate: entry.head for entry in judged}
    _write(run, choice, heads, start=start, trained=trained)
    progress.say(choice.reason)
    return choice


def _judge(splits: ClassSplits, recipe: ClassifyRecipe, *, fabric: Fabric, progress: Progress) -> Judge:
    sample = splits.train.rows(sampled_rows(splits.train.labels))
    return Judge(splits.val, sample, len(splits.class_names), recipe, fabric, progress)


def _write(run: Run, choice: Choice, heads: Mapping[Candidate, Head], *, start: Tensors, trained: Tensors) -> None:
    card = load_card(run.trained_weights)
    for path, outcome in ((run.untrained_weights, choice.untrained), (run.best_weights, choice.chosen)):
        head = heads[outcome.candidate]
        tensors = averaged(start, trained, share=outcome.candidate.share)
        tensors |= {"head.weight": head.weight, "head.bias": head.bias}
        save_weights(path, tensors, card._replace(score=outcome.top1))
    write_json(run.choice_file, choice.as_dict())
