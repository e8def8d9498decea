"""Losses between images and the texts of their identities, as CLIP-ReID trains with.

Li et al., "CLIP-ReID", AAAI 2023, equations 3 to 6. B = batch, I = training identities, P = width of both.
"""

from pathlib import Path
from typing import Annotated

import torch
from annotated_types import Ge, Lt
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.losses.features import precise
from reseen.types import Output

TEXTS = "texts"
"""The name of the one tensor of a file of texts, (I, P)."""


def contrast(vectors: Tensor, others: Tensor, *, labels: Tensor, of_others: Tensor) -> Tensor:
    """(B, P), (B', P), (B,), (B',) -> scalar: the supervised contrastive loss from each vector to the others.

    The mean over a vector's others of its label, and over the vectors, of -log softmax of their products, neither
    normalised nor scaled. Each label of ``labels`` must be among ``of_others``.
    """
    same = labels[:, None] == of_others[None, :]
    likelihood = (precise(vectors) @ precise(others).T).log_softmax(dim=1)
    return -((likelihood * same).sum(dim=1) / same.sum(dim=1)).mean()


class ImageToText(nn.Module):
    """Cross-entropy of an image's vector against the fixed texts of all identities, (I, P).

    The vector is the model's first of the texts' width: of the head `clip` the projected one. ``texts`` is None until
    a first stage has learned them.
    """

    texts: Tensor | None

    def __init__(self, texts: Tensor | None, *, label_smoothing: float) -> None:
        super().__init__()
        self.register_buffer("texts", texts, persistent=False)
        self.label_smoothing = label_smoothing

    def forward(self, output: Output, labels: Tensor) -> Tensor:
        """Output, labels (B,) -> scalar. Raises ReseenError for a model without such a vector."""
        assert self.texts is not None, "the first stage gives them before the first step"
        width = self.texts.shape[1]
        vector = next((vector for vector in output.pooled if vector.shape[1] == width), None)
        if vector is None:
            got = ", ".join(str(vector.shape[1]) for vector in output.pooled)
            raise ReseenError(f"image_to_text: expected a vector of width {width}, as the texts have, got {got}")
        with torch.autocast(labels.device.type, enabled=False):
            logits = precise(vector) @ self.texts.to(precise(vector)).T
            return nn.functional.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)


def image_to_text(
    *, num_identities: int, texts: str | None = None, label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.1
) -> nn.Module:
    """Images against the ``texts`` of the same identities: of a file, or None for those that the run itself learns.

    Such a file is a run's ``texts.safetensors``. Raises ValueError for another file, and for one of another number of
    identities.
    """
    try:
        learned = None if texts is None else read_texts(Path(texts), num_identities=num_identities)
    except ReseenError as error:
        raise ValueError(str(error)) from None
    return ImageToText(learned, label_smoothing=label_smoothing)


def read_texts(path: Path, *, num_identities: int) -> Tensor:
    """The texts of a file, (I, P). Raises ReseenError for another file, and for another number of identities."""
    try:
        learned = load_file(path)[TEXTS]
    except (OSError, SafetensorError, KeyError) as error:
        raise ReseenError(f"texts: {path} is no file of texts: {error}") from None
    if len(learned) != num_identities:
        raise ReseenError(
            f"texts: {path} has texts of {len(learned)} identities, the training set has {num_identities}"
        )
    return learned
