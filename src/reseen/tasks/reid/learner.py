"""A model and its losses as one module, so that one wrapper distributes both."""

import torch
from torch import nn

from reseen.losses import LossTerms, WeightedSum
from reseen.types import Output, Sample


class Learner(nn.Module):
    """Sample -> LossTerms. Losses with weights of their own (ArcFace, proxies) train along; a ``teacher`` does not.

    The teacher is in evaluation mode, and no part of the module: it is neither trained, nor distributed, nor saved.
    """

    def __init__(self, model: nn.Module, losses: WeightedSum, *, teacher: nn.Module | None = None) -> None:
        super().__init__()
        self.model = model
        self.losses = losses
        self._teacher = (teacher,)  # in a tuple, which torch does not take for a part

    def forward(self, batch: Sample) -> LossTerms:
        """A batch on the model's device -> the weighted total and each term."""
        output: Output = self.model(batch.image, batch.camera, batch.view)
        (teacher,) = self._teacher
        if teacher is not None:
            with torch.no_grad():
                taught = teacher.to(batch.image.device)(batch.image, batch.camera, batch.view).logits
            output = output._replace(taught=taught)
        terms: LossTerms = self.losses(output, batch.label)
        return terms
