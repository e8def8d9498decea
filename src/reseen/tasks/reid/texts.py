"""CLIP-ReID's first stage: both encoders stay, and each identity learns the words that describe its images.

Li et al., "CLIP-ReID", AAAI 2023, section 3.2. N = training images, I = identities, P = width of a text's vector.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reseen.engine.checkpoint import Place
from reseen.engine.seeding import seed_for
from reseen.losses.texts import contrast
from reseen.models.texts import Prompts, TextEncoder
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.text_settings import PERSONS, Stage


class TextTraining:
    """Prompts that learn, the frozen encoder, the optimiser, and the place: epochs and batches that are done."""

    def __init__(self, prompts: Prompts, *, encoder: TextEncoder, stage: Stage, seed: int) -> None:
        self.prompts, self.encoder, self.stage, self.seed = prompts, encoder, stage, seed
        self.optimizer = torch.optim.Adam(prompts.parameters(), lr=stage.learning_rate, weight_decay=stage.weight_decay)
        self.place = Place()

    @property
    def done(self) -> bool:
        """Whether all epochs are."""
        return self.place.epoch >= self.stage.epochs

    def state(self) -> dict[str, object]:
        """What a stopped training goes on with."""
        learned = self.prompts.learned.detach().cpu()
        return {"place": tuple(self.place), "learned": learned, "optimizer": self.optimizer.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.place = Place(*state["place"])
        self.prompts.learned.data.copy_(state["learned"])
        self.optimizer.load_state_dict(state["optimizer"])

    def batches(self, count: int) -> tuple[Tensor, ...]:
        """The images of each batch of the present epoch, by their numbers: a function of seed and epoch."""
        order = np.random.default_rng(seed_for("texts", self.seed, self.place.epoch)).permutation(count)
        return torch.split(torch.from_numpy(order), self.stage.batch_size)

    def step(self, vectors: Tensor, labels: Tensor) -> float:
        """Learn from one batch, (B, P) and (B,); its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.stage.rate(self.place.epoch)
        loss = text_loss(vectors, labels, prompts=self.prompts, encoder=self.encoder)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return float(loss.detach())


def _never() -> bool:
    return False


def _nothing() -> None:
    """Keep nothing."""


def train_texts(
    training: TextTraining,
    vectors: Tensor,
    labels: Tensor,
    *,
    stop_requested: Callable[[], bool] = _never,
    save: Callable[[], None] = _nothing,
    progress: Progress = SILENT,
) -> None:
    """Train from the training's place to its end, or to the first batch after a request to stop.

    ``vectors`` (N, P) and ``labels`` (N,) on the device of the prompts. ``save`` is called after each epoch, and when
    it stops.
    """
    steps = len(training.batches(len(vectors)))
    with progress.bar(f"learn texts, {training.stage.epochs} epochs", total=training.stage.epochs * steps) as bar:
        bar.advance(training.place.epoch * steps + training.place.step)
        while not training.done:
            for rows in training.batches(len(vectors))[training.place.step :]:
                loss = training.step(vectors[rows], labels[rows])
                training.place = Place(training.place.epoch, training.place.step + 1)
                bar.advance(note=f"loss {loss:.3f}")
                if stop_requested():
                    save()
                    return
            training.place = Place(training.place.epoch + 1, 0)
            save()


def learn_texts(
    vectors: Tensor,
    labels: Tensor,
    *,
    prompts: Prompts,
    encoder: TextEncoder,
    stage: Stage = PERSONS,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Tensor:
    """Learn the prompts' words from images embedded once, and encode the text of each identity.

    Args:
        vectors: (N, P), projected by CLIP's image encoder as its file has it: ``output.pooled[1]`` of the head `clip`.
        labels: (N,), each image's identity by its number, 0 to I - 1.
        prompts: For I identities; changed in place.
        encoder: Frozen.
        stage: Epochs, batches and rates.
        seed: Of the order of images.
        progress: Told of each batch.

    Returns:
        The texts, (I, P), which the loss ``image_to_text`` compares images with.

    Example:
        >>> encoder = TextEncoder(length=9, width=64, blocks=1, heads=1, projected=4).requires_grad_(False)
        >>> prompts = Prompts(torch.rand(1, 2, 64), torch.rand(1, 3, 64), identities=2)
        >>> vectors, labels, stage = torch.rand(6, 4), torch.arange(6) % 2, Stage(epochs=1)
        >>> learn_texts(vectors, labels, prompts=prompts, encoder=encoder, stage=stage).shape
        torch.Size([2, 4])
    """
    train_texts(TextTraining(prompts, encoder=encoder, stage=stage, seed=seed), vectors, labels, progress=progress)
    return encoded(prompts, encoder=encoder, batch_size=stage.batch_size)


def text_loss(vectors: Tensor, labels: Tensor, *, prompts: Prompts, encoder: TextEncoder) -> Tensor:
    """(B, P), (B,) -> scalar: from images to the texts of their identities, and from texts to images."""
    texts = encoder(prompts(labels), end=prompts.end)
    to_texts = contrast(vectors, texts, labels=labels, of_others=labels)
    return to_texts + contrast(texts, vectors, labels=labels, of_others=labels)


@torch.no_grad()
def encoded(prompts: Prompts, *, encoder: TextEncoder, batch_size: int = 64) -> Tensor:
    """The texts of all identities, (I, P)."""
    identities = torch.arange(len(prompts.learned), device=prompts.learned.device)
    return torch.cat([encoder(prompts(some), end=prompts.end) for some in torch.split(identities, batch_size)])
