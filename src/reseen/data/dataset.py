"""One split as a map-style dataset, whose randomness comes from the draw alone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor
from torch.utils.data import Dataset

from reseen.data.cached import opener
from reseen.data.table import Split
from reseen.types import Sample


class Draw(NamedTuple):
    """A sampler's request to the dataset: a row, and the seed of everything random in the transforms of its image."""

    row: int
    seed: int


class ImageDataset(Dataset[Sample]):
    """The images of a split as Samples, decoded on access.

    ``transform`` turns an RGB image into a (3, H, W) tensor and may draw from torch's global generator. For a Draw,
    that generator is seeded by the draw and restored afterwards, so an image comes out the same in every worker. For
    a plain row number the transform should draw nothing.

    ``crops`` are more such transforms, whose results the Sample has beside its image.

    Labels, cameras and views are numbered by their places in the given names; others are ``UNKNOWN``.
    """

    def __init__(
        self,
        split: Split,
        *,
        transform: Callable[[Image], Tensor],
        identity_names: Sequence[str],
        camera_names: Sequence[str] = (),
        view_names: Sequence[str] = (),
        crops: Sequence[Callable[[Image], Tensor]] = (),
    ) -> None:
        self.transform = transform
        self.crops = tuple(crops)
        self.labels: np.ndarray = split.numbers("identity", identity_names)
        self.cameras: np.ndarray = split.numbers("camera", camera_names)
        self.views: np.ndarray = split.numbers("view", view_names)
        self._paths: list[str] = split.frame["path"].to_list()

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, draw: int | Draw) -> Sample:
        if not isinstance(draw, Draw):
            return self._sample(int(draw))
        with seeded(draw.seed):
            return self._sample(draw.row)

    def _sample(self, row: int) -> Sample:
        image = opener(self.transform, *self.crops)(self._paths[row])
        return Sample(
            image=self.transform(image),
            label=int(self.labels[row]),
            camera=int(self.cameras[row]),
            view=int(self.views[row]),
            row=row,
            crops=tuple(crop(image) for crop in self.crops),
        )


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's generator of this process inside the block, and restore its state afterwards."""
    # torch.manual_seed and fork_rng also seed every accelerator, which costs as much as decoding an image.
    state = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_rng_state(state)
