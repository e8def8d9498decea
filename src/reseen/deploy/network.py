"""A trained model as one module from bytes of pictures to vectors, and how PyTorch runs it.

B = batch, H x W = the network's own picture size, D = width of the vectors.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor, nn

from reseen.data.table import numbers
from reseen.deploy.calibrated import calibrated_for
from reseen.deploy.facts import Facts, Loaded, fingerprint
from reseen.deploy.folding import folded
from reseen.engine.checkpoint import load_card
from reseen.errors import ReseenError
from reseen.models import build_model
from reseen.models.metadata import side_information
from reseen.models.mirrored import Mirrored
from reseen.models.sources import WHEEL_MEAN, WHEEL_STD
from reseen.tasks.reid.build import load_model, resolved
from reseen.tasks.reid.query_gallery import Told, told_names
from reseen.tasks.reid.recipe import recipe_from

Triple: TypeAlias = tuple[float, float, float]
Names: TypeAlias = Sequence[str | None]
"""Of each picture's camera or view, None where it is not known."""

NOTHING_TOLD = Told((), ())

CALIBRATION = "calibration.json"
"""The file beside the weights that holds the calibrated threshold."""
BASELINE = "efficientnet_lite0"
"""The name of the plain ImageNet network, for whoever has not trained one."""
_BASELINE_SIZE = (128, 128)
_BASELINE_NOTE = (
    "EfficientNet-Lite0 as trained on ImageNet: a plain baseline, never trained to tell individuals apart; "
    "`reseen train` makes a better one"
)


class EmbeddingNetwork(nn.Module):
    """``model`` behind the normalisation it was trained with; vectors come out with length 1."""

    scale: Tensor
    shift: Tensor

    def __init__(self, model: nn.Module, *, mean: Triple, std: Triple) -> None:
        super().__init__()
        self.model = model
        centre, spread = (torch.tensor(values, dtype=torch.float64) for values in (mean, std))
        self.register_buffer("scale", (1 / (255 * spread)).float(), persistent=False)
        self.register_buffer("shift", (centre / spread).float(), persistent=False)

    def forward(self, pictures: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Tensor:
        """(B, H, W, 3) uint8, and numbers (B,) as ``model`` knows cameras and views -> (B, D)."""
        return nn.functional.normalize(self.model(self.normalised(pictures), cameras, views).embedding, dim=1)

    @property
    def as_shown(self) -> nn.Module:
        """``model`` for pictures as they are, without the flip test: what maps over a picture can be drawn of."""
        return self.model.model if isinstance(self.model, Mirrored) else self.model

    def normalised(self, pictures: Tensor) -> Tensor:
        """(B, H, W, 3) uint8 -> (B, 3, H, W), as ``model`` takes them."""
        return rearrange(pictures.float() * self.scale - self.shift, "b h w c -> b c h w")


class OnTorch:
    """Runs an `EmbeddingNetwork` with PyTorch on one device; safe to call from several threads.

    ``told``: the cameras and views that evaluation told it of pictures, by name; none for a network without metadata.
    """

    def __init__(self, network: EmbeddingNetwork, *, device: str = "cpu", told: Told = NOTHING_TOLD) -> None:
        self.network = network.to(device).eval()
        self.told = told
        self._device = device

    def __call__(
        self, pictures: NDArray[np.uint8], cameras: Names | None = None, views: Names | None = None
    ) -> NDArray[np.float32]:
        """(B, H, W, 3), and by name the camera and the view of each, None where not known -> (B, D)."""
        sides = (self._numbered(self.told.cameras, cameras), self._numbered(self.told.views, views))
        with torch.inference_mode():
            vectors: Tensor = self.network(torch.from_numpy(pictures).to(self._device), *sides)
            return vectors.float().cpu().numpy()

    def _numbered(self, known: Sequence[str], names: Names | None) -> Tensor | None:
        return None if names is None else torch.from_numpy(numbers(known, names)).to(self._device)


def load_weights_file(path: Path, *, device: str = "cpu", source: str = "") -> Loaded:
    """A weights file of ours, seeing pictures as its recipe's evaluation did, and the thresholds calibrated beside it.

    Raises ReseenError for a file that is none of ours and a device that is not there.
    """
    card = load_card(path)
    recipe = resolved(recipe_from(card.recipe, name=str(path)))
    model, data = load_model(path), recipe.data
    assert data.mean is not None, "a resolved recipe has a mean"
    assert data.std is not None, "a resolved recipe has a std"
    flip, told = recipe.evaluation.flip, told_names(model, recipe)
    preprocessing = [data.image_size, data.mean, data.std, *(["mirrored"] if flip else [])]
    metadata = side_information(model) is not None
    thresholds = calibrated_for(recipe.evaluation, metadata=metadata, path=path.parent / CALIBRATION)
    facts = Facts(
        fingerprint=fingerprint(model.state_dict(), model=card.recipe["model"], preprocessing=preprocessing),
        width=model.width,
        image_size=data.image_size,
        threshold=thresholds.pair,
        search=thresholds.search,
        flip=flip,
        note=thresholds.note,
    )
    lighter = folded(model, image_size=data.image_size)
    network = EmbeddingNetwork(Mirrored(lighter) if flip else lighter, mean=data.mean, std=data.std)
    return Loaded(_on(network, device, told=told), facts, source or str(path))


def load_baseline(*, device: str = "cpu") -> Loaded:
    """EfficientNet-Lite0 with its ImageNet weights, which install with the package."""
    model = build_model(BASELINE, num_identities=None, image_size=_BASELINE_SIZE, pretrained=True)
    preprocessing = [_BASELINE_SIZE, WHEEL_MEAN, WHEEL_STD]
    facts = Facts(
        fingerprint=fingerprint(model.state_dict(), model={"backbone": BASELINE}, preprocessing=preprocessing),
        width=model.width,
        image_size=_BASELINE_SIZE,
        note=_BASELINE_NOTE,
    )
    network = EmbeddingNetwork(folded(model, image_size=_BASELINE_SIZE), mean=WHEEL_MEAN, std=WHEEL_STD)
    return Loaded(_on(network, device), facts, BASELINE)


def _on(network: EmbeddingNetwork, device: str, *, told: Told = NOTHING_TOLD) -> OnTorch:
    try:
        return OnTorch(network.to(memory_format=torch.channels_last), device=device, told=told)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ReseenError(f"device '{device}': expected one that PyTorch has here, such as cpu: {reason}") from None
