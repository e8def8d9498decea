"""The learner of a classifier: images mixed if the recipe says so, then cross-entropy.

B = batch, K = classes.
"""

import torch
from torch import Tensor, nn
from torchvision.transforms import v2

from reseen.losses import LossTerms
from reseen.tasks.classify.classes import LabelledImage
from reseen.tasks.classify.recipe import Loss, Mix


class ClassLearner(nn.Module):
    """LabelledPicture -> LossTerms. Random numbers come from torch's generators, which the loop seeds for each step."""

    def __init__(self, model: nn.Module, *, classes: int, loss: Loss, mix: Mix) -> None:
        super().__init__()
        self.model = model
        self._label_smoothing = loss.label_smoothing
        self._probability = mix.probability
        alphas = ((v2.MixUp, mix.mixup), (v2.CutMix, mix.cutmix))
        self._mixers = [kind(alpha=alpha, num_classes=classes) for kind, alpha in alphas if alpha > 0]

    def forward(self, batch: LabelledImage) -> LossTerms:
        """A batch on the model's device -> its cross-entropy."""
        assert isinstance(batch.label, Tensor), "a batch is stacked"
        images, labels = self._mixed(batch.image, batch.label)
        logits = self.model(images).float()
        loss = nn.functional.cross_entropy(logits, labels, label_smoothing=self._label_smoothing)
        return LossTerms(total=loss, terms={"cross_entropy": loss.detach()})

    def _mixed(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Images, labels (B,) -> images, labels (B,) as they were or (B, K) as shares."""
        if not self._mixers or torch.rand(()) >= self._probability:
            return images, labels
        mixer = self._mixers[int(torch.randint(len(self._mixers), ()))]
        images, labels = mixer(images, labels)
        return images, labels
