"""Training on crops: a model and its moving average see each image several times, as SSBVER trains.

Khorramshahi et al., "Robust and Scalable Vehicle Re-Identification via Self-Supervision", 2023.
B = batch, C = channels.
"""

import torch
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.losses import SELF_DISTILLATION, LossTerms, WeightedSum
from reseen.models import EmbeddingModel
from reseen.types import Output, Sample

WHOLE = 2
"""Crops of an image that have the whole size: the Sample's image and the first of its crops."""


class Taught(nn.Module):
    """A model and what projects its feature before the neck: what the teacher is the moving average of."""

    def __init__(self, model: nn.Module, projector: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.projector = projector

    def forward(self, images: Tensor, cameras: Tensor, views: Tensor) -> Tensor:
        """(B, 3, H, W), (B,), (B,) -> (B, K)."""
        output: Output = self.model(images, cameras, views)
        projected: Tensor = self.projector(output.pooled[0])
        return projected


class CropLearner(nn.Module):
    """Sample with crops -> LossTerms.

    Losses on identities see both crops of the whole size as one batch of 2B. The teacher, the moving average in
    evaluation mode, sees these two, and the model all crops. The engine keeps and saves the teacher; it is no part of
    this module.
    """

    def __init__(self, model: EmbeddingModel, losses: WeightedSum) -> None:
        super().__init__()
        self.model = model
        self.losses = losses
        self._teacher: tuple[nn.Module | None] = (None,)  # in a tuple, which torch does not take for a part

    def taught(self) -> Taught:
        """The model and the projection of the loss, which the moving average follows together."""
        return Taught(self.model, self.losses.losses[SELF_DISTILLATION].get_submodule("projector"))

    def follow(self, average: nn.Module) -> None:
        """Take the average of what `taught` gives as the teacher."""
        self._teacher = (average,)

    def forward(self, batch: Sample) -> LossTerms:
        """A batch on the model's device -> the weighted total and each term."""
        (teacher,) = self._teacher
        assert teacher is not None, "a recipe with crops has training.ema"
        whole = torch.cat([batch.image, batch.crops[0]])
        labels, cameras, views = (
            torch.as_tensor(numbers).repeat(WHOLE) for numbers in (batch.label, batch.camera, batch.view)
        )
        output: Output = self.model(whole, cameras, views)
        with torch.no_grad():
            taught = teacher(whole, cameras, views)
        output = output._replace(
            crops=(*output.pooled[0].chunk(WHOLE), *self._smaller(batch)), taught_crops=taught.chunk(WHOLE)
        )
        terms: LossTerms = self.losses(output, labels)
        return terms

    def _smaller(self, batch: Sample) -> tuple[Tensor, ...]:
        """The features (B, C) of the smaller crops, which go through the model as one batch."""
        smaller = batch.crops[1:]
        if not smaller:
            return ()
        cameras, views = (torch.as_tensor(numbers).repeat(len(smaller)) for numbers in (batch.camera, batch.view))
        output: Output = self.model(torch.cat(list(smaller)), cameras, views)
        return output.pooled[0].chunk(len(smaller))


def require_crops_fit(model: nn.Module, size: tuple[int, int]) -> None:
    """Raise ReseenError for a model that takes images of one size alone, and not of the crops' ``size``."""
    training = model.training
    try:
        with torch.inference_mode():
            model.eval()(torch.zeros(1, 3, *size))
    except (RuntimeError, AssertionError, ValueError, ReseenError) as error:
        reason = next(iter(str(error).splitlines()), "")
        raise ReseenError(f"crops.size: this network takes no images of {size[0]} x {size[1]}: {reason}") from None
    finally:
        model.train(training)
