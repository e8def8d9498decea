"""Self-distillation: a model learns to say of each crop of an image what its own average says of another.

Caron et al., "Emerging Properties in Self-Supervised Vision Transformers" (DINO), ICCV 2021; as SSBVER trains with it.
B = batch, C = channels, K = outputs, n = crops of an image, of which the first two are of the whole size.
"""

from itertools import product

import torch
from torch import Tensor, nn

from reseen.bounds import Count, Part, Positive
from reseen.errors import ReseenError
from reseen.losses.features import precise
from reseen.types import Output

SELF_DISTILLATION = "self_distillation"
"""The loss that needs crops."""
PROJECTED = 256
"""The width of a projected vector, as in DINO."""


class Projector(nn.Module):
    """A three-layer perceptron to a vector of length 1, and its cosines to K learned directions."""

    def __init__(self, width: int, *, hidden: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.GELU(),
            nn.Linear(hidden, PROJECTED),
        )
        self.directions = nn.Parameter(torch.randn(outputs, PROJECTED))

    def forward(self, features: Tensor) -> Tensor:
        """(B, C) -> (B, K), in [-1, 1]."""
        with torch.autocast(features.device.type, enabled=False):
            units = nn.functional.normalize(self.layers(precise(features)), dim=1)
            return nn.functional.linear(units, nn.functional.normalize(self.directions, dim=1))


class SelfDistillation(nn.Module):
    """The mean cross-entropy from the teacher's answer to one crop to the model's answer to each other crop.

    The teacher's answers are centred by their moving mean, over all processes, and sharpened by a temperature that
    rises through the first epochs. The ``centre`` and the batches ``seen`` belong to the state, so a resumed run goes
    on alike.
    """

    centre: Tensor
    seen: Tensor

    def __init__(
        self,
        projector: Projector,
        *,
        temperature: float,
        taught_temperatures: tuple[float, float],
        rising_epochs: int,
        centre_decay: float,
        epoch_steps: int,
    ) -> None:
        super().__init__()
        self.projector = projector
        self.temperature = temperature
        self.taught_temperatures = taught_temperatures
        self.rising_epochs = rising_epochs
        self.centre_decay = centre_decay
        self.epoch_steps = epoch_steps
        self.register_buffer("centre", torch.zeros(len(projector.directions)))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def forward(self, output: Output, labels: Tensor) -> Tensor:
        """Output, labels (B,) -> scalar. Raises ReseenError without crops and what a teacher says of them."""
        if not (output.crops and output.taught_crops):
            raise ReseenError("self_distillation needs the recipe's [crops], and training.ema as its teacher")
        with torch.autocast(labels.device.type, enabled=False):
            projected = self.projector(torch.cat(output.crops)).chunk(len(output.crops))
            own = [(answer / self.temperature).log_softmax(dim=1) for answer in projected]
            taught = [self._sharpened(precise(answer)) for answer in output.taught_crops]
            pairs = product(enumerate(taught), enumerate(own))
            losses = [-(target * answer).sum(dim=1).mean() for (t, target), (s, answer) in pairs if t != s]
        self._follow(torch.cat(output.taught_crops))
        return torch.stack(losses).mean()

    def taught_temperature(self) -> Tensor:
        """The teacher's: it rises linearly, from one epoch to the next."""
        first, last = self.taught_temperatures
        share = (self.seen // self.epoch_steps / max(self.rising_epochs - 1, 1)).clamp(max=1.0)
        return first + (last - first) * share

    def _sharpened(self, answer: Tensor) -> Tensor:
        """(B, K) -> (B, K), each row adding up to 1."""
        return ((answer - self.centre) / self.taught_temperature()).softmax(dim=1).detach()

    @torch.no_grad()
    def _follow(self, taught: Tensor) -> None:
        """Move the centre towards the mean of these answers (n, K), which every process computes alike."""
        mean = precise(taught).mean(dim=0)
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.all_reduce(mean)
            mean = mean / torch.distributed.get_world_size()
        self.centre.lerp_(mean.to(self.centre), 1 - self.centre_decay)
        self.seen += 1


def self_distillation(
    *,
    width: int,
    outputs: Count = 1024,
    hidden: Count = 2048,
    temperature: Positive = 0.1,
    taught_temperatures: tuple[Positive, Positive] = (0.0005, 0.001),
    rising_epochs: Count = 10,
    centre_decay: Part = 0.9,
    epoch_steps: int = 1,
) -> nn.Module:
    """DINO's loss between crops, with the averaged weights as the teacher; the defaults are SSBVER's for VeRi-776.

    The projection is learned on the feature before the neck, with ``outputs`` directions. ``taught_temperatures``: the
    teacher's in the first epoch, and from epoch ``rising_epochs`` on. It goes with the recipe's ``[crops]`` and
    ``training.ema``.
    """
    return SelfDistillation(
        Projector(width, hidden=hidden, outputs=outputs),
        temperature=temperature,
        taught_temperatures=taught_temperatures,
        rising_epochs=rising_epochs,
        centre_decay=centre_decay,
        epoch_steps=epoch_steps,
    )
