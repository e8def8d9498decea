"""`hand_over`: from a finished training to the network that its run hands over, and the record of the choice."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from lightning_fabric import Fabric
from torch import Tensor

from reseen.data.table import Split, Splits
from reseen.engine.averages import SHARES, averaged, keep_trained
from reseen.engine.checkpoint import Card, load_card, save_weights
from reseen.engine.distributed import in_first_process
from reseen.engine.hardware import counting_device
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.metrics import Protocol
from reseen.models import EmbeddingModel, SingleBranchEmbedder, load_weights
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.choose.beside import Chosen, TrainedTensors, trained_tensors, with_attributes
from reseen.tasks.reid.choose.candidates import APART, Candidate, sample_of
from reseen.tasks.reid.choose.choice import Choice, Scored, choose, read_choice
from reseen.tasks.reid.choose.heads import Head, as_compared, heads_of
from reseen.tasks.reid.choose.vectors import embed_before_head, embed_held_out
from reseen.tasks.reid.postprocess import score
from reseen.tasks.reid.recipe import Recipe

Tensors: TypeAlias = Mapping[str, Tensor]


class Judged(NamedTuple):
    """A scored candidate, and its head."""

    scored: Scored
    head: Head


@dataclass(frozen=True)
class Judge:
    """What all candidates are scored with: held-out images, training images for the heads, rules and device."""

    validation: Splits
    sample: Split
    recipe: Recipe
    protocol: Protocol
    fabric: Fabric
    progress: Progress

    def of_averages(self, untrained: EmbeddingModel, start: Tensors, trained: Tensors) -> list[Judged]:
        """All candidates, from the simplest weights on. ReseenError if nothing can be compared with the untrained."""
        model = copy.deepcopy(untrained).eval()
        self.fabric.to_device(model)
        judged: list[Judged] = []
        for share in SHARES:
            load_weights(model, averaged(start, trained, share=share, apart=APART))
            judged += self.of_weights(model, share=share)
            if not judged:
                raise ReseenError(
                    "the untrained network gives a held-out image a vector that is zero or not finite, so nothing can "
                    "be compared with it; choose another backbone or other start weights"
                )
        return judged

    def of_weights(self, model: EmbeddingModel, *, share: float) -> Iterator[Judged]:
        """Each usable head of a model in evaluation mode, whose weights have so large a share of the trained ones."""
        name = Candidate(share, "pooled").weights
        held_out = embed_held_out(
            lambda split: self._embed(model, split, f"{name}: embed held-out images"), self.validation
        )
        for head in self._heads(model, share=share, name=name):
            sides = held_out.seen_through(head)
            if sides is None:
                continue
            report = score(
                sides,
                protocol=self.protocol,
                average_precision=self.recipe.evaluation.average_precision,
                device=counting_device(self.fabric),
            )
            yield Judged(Scored(Candidate(share, head.name), report), head)

    def _heads(self, model: EmbeddingModel, *, share: float, name: str) -> Sequence[Head]:
        if not isinstance(model, SingleBranchEmbedder):
            return as_compared()
        sample = self._embed(model, self.sample, f"{name}: embed training images")
        return heads_of(model.neck, sample, trained=share == 1)

    def with_attributes(
        self, chosen: Chosen, untrained: EmbeddingModel, *, trained: TrainedTensors, share: float
    ) -> Chosen:
        """The chosen network with its classifiers of attributes, fitted anew where its weights are not the trained."""
        model = untrained
        if chosen.card.attributes and share != 1:
            model = copy.deepcopy(untrained).eval()
            load_weights(model, {name: chosen.tensors[name] for name in model.state_dict()})
            self.fabric.to_device(model)
        return with_attributes(
            chosen,
            model,
            share=share,
            trained=trained,
            sample=self.sample,
            embed=lambda split: self._embed(model, split, "embed training images for attributes"),
        )

    def _embed(self, model: EmbeddingModel, split: Split, description: str) -> Tensor:
        return embed_before_head(
            model, split, self.recipe, fabric=self.fabric, progress=self.progress, description=description
        )


def hand_over(
    run: Run,
    untrained: EmbeddingModel,
    *,
    validation: Splits,
    train: Split,
    recipe: Recipe,
    protocol: Protocol,
    fabric: Fabric,
    progress: Progress = SILENT,
) -> Choice:
    """Choose the network that a finished training hands over, and write it as the run's best weights.

    ``trained.safetensors`` keeps the training's own best weights, ``choice.json`` every candidate with its scores.
    ``choice.json`` is written last, and what was written before it is read again, so a call that was killed is simply
    repeated; with ``choice.json`` there it only reads.

    Args:
        run: The finished run, with the training's best weights.
        untrained: The model as it was before the training, with as many identities; it is left as it is.
        validation: Query and gallery are the held-out images.
        train: The training images, of which `SAMPLED` at most teach necks and whitenings.
        recipe: As run.
        protocol: Ranks the held-out images.
        fabric: Each process calls; the first one writes.
        progress: Shows bars, and the reason as a line.

    Returns:
        The choice.

    Raises:
        ReseenError: The run has no weights, or an image cannot be read.

    Example (not run):
        ```python
        hand_over(run, untrained, validation=held_out, train=splits.train, recipe=recipe, protocol=rules, fabric=fabric)
        ```
    """
    if run.choice_file.exists():
        return read_choice(run.choice_file)
    in_first_process(fabric, lambda: keep_trained(run))
    start = {name: tensor.detach().cpu() for name, tensor in untrained.state_dict().items()}
    trained = trained_tensors(run.trained_weights)
    judge = Judge(validation, sample_of(train), recipe, protocol, fabric, progress)
    judged = judge.of_averages(untrained, start, trained.model)
    choice = choose(
        [entry.scored for entry in judged],
        validation.query.identities,
        images=len({*validation.query.paths, *validation.gallery.paths}),
    )
    head = next(entry.head for entry in judged if entry.scored.candidate == choice.chosen.candidate)
    share = choice.chosen.candidate.share
    tensors = averaged(start, trained.model, share=share, apart=APART)
    card = with_head(load_card(run.trained_weights), head, score=choice.chosen.mean_average_precision)
    chosen = judge.with_attributes(Chosen({**tensors, **head.tensors}, card), untrained, trained=trained, share=share)
    in_first_process(fabric, lambda: _write(run, choice, chosen))
    progress.say(choice.reason)
    if chosen.note:
        progress.say(chosen.note)
    return choice


def _write(run: Run, choice: Choice, chosen: Chosen) -> None:
    save_weights(run.best_weights, chosen.tensors, chosen.card)
    write_json(run.choice_file, choice.as_dict())


def with_head(card: Card, head: Head, *, score: float) -> Card:
    """The card of the same network with this head."""
    settings: dict[str, dict[str, Any]] = {
        "necked": {},
        "pooled": {"embedding": "pooled"},
        "centred": {"embedding": "pooled", "whitening": {"width": head.width}},
        "whitened": {"embedding": "pooled", "whitening": {"width": head.width}},
    }
    model = {name: value for name, value in card.recipe["model"].items() if name not in {"embedding", "whitening"}}
    return card._replace(recipe={**card.recipe, "model": {**model, **settings[head.name]}}, score=score)
