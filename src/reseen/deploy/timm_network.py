"""Networks of timm with the weights that their authors publish, as embedders: DINOv2, MegaDescriptor, CLIP and others.

The image size, the normalisation and the pooling are those that the weights say. Images are resized whole, as all
images are here: nothing is cropped.
"""

from collections.abc import Mapping
from typing import Any

import timm
from torch import nn

from reseen.backbones import family_of
from reseen.backbones.timm_body import pretrained_body
from reseen.deploy.facts import Facts, LoadedNetwork, fingerprint
from reseen.deploy.folding import folded
from reseen.deploy.network import EmbeddingNetwork, on_device
from reseen.errors import ReseenError
from reseen.models.timm_embedder import TimmEmbedder
from reseen.normalisation import Normalisation

TIMM = "timm:"
"""What a source begins with that names a network of timm."""
HUB = "hf-hub:"
"""What its rest begins with where timm finds the network's configuration in a repository of the Hub."""


def load_timm(name: str, *, device: str = "cpu") -> LoadedNetwork:
    """Load a network of timm with its weights, which timm fetches once into its own cache.

    Args:
        name: As timm knows it: ``vit_small_patch14_dinov2.lvd142m``, ``hf-hub:BVRA/MegaDescriptor-T-224`` or
            ``local-dir:FOLDER`` with a config.json and weights.
        device: PyTorch's name of a device.

    Raises:
        ReseenError: A name that timm does not know, and weights that there are not or that cannot be fetched.

    Example:
        ```python
        network, facts, source = load_timm("vit_small_patch14_dinov2.lvd142m")
        ```
    """
    source = f"{TIMM}{name}"
    if ":" not in name and not timm.is_model(name):
        family_of(name)  # names the nearest; what it knows beside timm's networks comes without weights
        raise ReseenError(f"{source}: timm has no network of this name")
    body = pretrained_body(name)
    config: Mapping[str, Any] = getattr(body, "pretrained_cfg", {})
    size = _image_size(config, source)
    normalisation = Normalisation(tuple(config["mean"]), tuple(config["std"]))
    model = TimmEmbedder(body, image_size=size).eval()
    facts = Facts(
        fingerprint=fingerprint(
            model.state_dict(), model=_settings(body, config), preprocessing=[size, *normalisation]
        ),
        width=model.width,
        image_size=size,
        note=_note(source, config),
    )
    network = EmbeddingNetwork(folded(model, image_size=size), normalisation)
    return LoadedNetwork(on_device(network, device), facts, source)


def _image_size(config: Mapping[str, Any], source: str) -> tuple[int, int]:
    """(height, width) that the weights were trained at."""
    channels, height, width = config["input_size"]
    if channels != 3:
        raise ReseenError(f"{source}: expected a network of RGB images, got one of {channels} channels")
    return height, width


def _settings(body: nn.Module, config: Mapping[str, Any]) -> dict[str, object]:
    """What tells two networks of the same tensors apart: the architecture, and how it pools."""
    pooling = getattr(body, "global_pool", "")
    return {"timm": config.get("architecture"), "pooling": pooling if isinstance(pooling, str) else ""}


def _note(source: str, config: Mapping[str, Any]) -> str:
    licence = config.get("license")
    return f"{source}, as its authors trained it" + (f" (licence of the weights: {licence})" if licence else "")
