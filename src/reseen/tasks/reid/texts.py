"""CLIP-ReID's first stage: both encoders stay, and each identity learns the words that describe its images.

Li et al., "CLIP-ReID", AAAI 2023, section 3.2. N = training images, I = identities, P = width of a text's vector.
"""

from collections.abc import Iterator, Sequence
from math import cos, pi
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save
from torch import Tensor

from reseen.data.dataset import ImageDataset
from reseen.engine.embed import embed
from reseen.engine.hardware import one_device
from reseen.files import write_bytes
from reseen.losses.texts import TEXTS, contrast
from reseen.models import read_weights
from reseen.models.texts import Prompts, TextEncoder, prompts_of, text_encoder
from reseen.models.texts.prompts import PERSON
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.load import load_data
from reseen.tasks.reid.query_gallery import evaluation_transform
from reseen.tasks.reid.recipe import Recipe


class Stage(NamedTuple):
    """How words are learned; the defaults are the paper's for persons, 60 ``epochs`` its for VeRi-776."""

    epochs: int = 120
    batch_size: int = 64
    learning_rate: float = 3.5e-4
    last_rate: float = 1e-6
    warmup_epochs: int = 5
    warmup_rate: float = 1e-5
    weight_decay: float = 1e-4

    def rate(self, epoch: int) -> float:
        """Of an epoch, counted from 0: a line up, then half a cosine down."""
        if epoch < self.warmup_epochs:
            return self.warmup_rate + (self.learning_rate - self.warmup_rate) * epoch / self.warmup_epochs
        share = (epoch - self.warmup_epochs) / max(self.epochs - self.warmup_epochs, 1)
        return self.last_rate + (self.learning_rate - self.last_rate) * (1 + cos(pi * share)) / 2


PERSONS = Stage()


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
        progress: Told of each epoch.

    Returns:
        The texts, (I, P); `save_texts` writes them for the loss ``image_to_text``, which the second stage trains with.

    Example:
        >>> encoder = TextEncoder(length=9, width=64, blocks=1, heads=1, projected=4).requires_grad_(False)
        >>> prompts = Prompts(torch.rand(1, 2, 64), torch.rand(1, 3, 64), identities=2)
        >>> vectors, labels, stage = torch.rand(6, 4), torch.arange(6) % 2, Stage(epochs=1)
        >>> learn_texts(vectors, labels, prompts=prompts, encoder=encoder, stage=stage).shape
        torch.Size([2, 4])
    """
    order = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(prompts.parameters(), lr=stage.learning_rate, weight_decay=stage.weight_decay)
    with progress.bar("learn texts", total=stage.epochs) as bar:
        for epoch in range(stage.epochs):
            for group in optimizer.param_groups:
                group["lr"] = stage.rate(epoch)
            for rows in _batches(len(vectors), stage.batch_size, order):
                loss = text_loss(vectors[rows], labels[rows], prompts=prompts, encoder=encoder)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            bar.advance()
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


def save_texts(texts: Tensor, path: Path) -> None:
    """Write texts (I, P) for the loss ``image_to_text``, whole or not at all."""
    write_bytes(path, save({TEXTS: texts.cpu().contiguous()}))


def write_texts(
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    noun: Sequence[int] = PERSON,
    stage: Stage = PERSONS,
    progress: Progress = SILENT,
) -> None:
    """The whole first stage: embed the training images once with CLIP as it is, learn their texts, write them.

    Args:
        recipe: One with the head `clip`, whose ``model.weights`` is a file of CLIP, image and text encoder together.
            The embedding of cameras, which has not been trained yet, is left out.
        data: The training set.
        out: The file for the loss ``image_to_text``.
        noun: What the images show, by its numbers in CLIP's vocabulary (`prompts_of`).
        stage: Epochs, batches and rates.
        progress: Told of each step.

    Raises:
        ReseenError: A file without one of the encoders, and data that cannot be trained on.
    """
    tensors = read_weights(recipe.model.weights).tensors
    encoder, fabric = text_encoder(tensors), one_device("cpu" if recipe.hardware.accelerator == "cpu" else "auto")
    train = load_data(data, recipe, fabric=fabric, progress=progress).data.train
    names = train.identity_names
    model = fabric.to_device(build_embedder(recipe, num_identities=None, start_weights=True)).eval()
    images = ImageDataset(train, transform=evaluation_transform(recipe), identity_names=names)
    embeddings = embed(
        model,
        images,
        fabric=fabric,
        batch_size=recipe.evaluation.batch_size,
        workers=recipe.data.workers,
        progress=progress,
    )
    texts = learn_texts(
        fabric.to_device(embeddings[:, -encoder.width :]),
        fabric.to_device(torch.from_numpy(train.numbers("identity", names))),
        prompts=prompts_of(tensors, identities=len(names), noun=noun).to(fabric.device),
        encoder=encoder.to(fabric.device),
        stage=stage,
        seed=recipe.seed,
        progress=progress,
    )
    save_texts(texts, out)


def _batches(count: int, size: int, order: torch.Generator) -> Iterator[Tensor]:
    yield from torch.split(torch.randperm(count, generator=order), size)
