"""A loss by name, built as a recipe builds it."""

from pathlib import Path
from tempfile import mkdtemp

import torch
from safetensors.torch import save_file
from torch import nn

from reseen.recipe.components import Component
from reseen.recipe.kinds import LOSS


def loss_by_name(name: str, *, num_identities: int, width: int, **settings: object) -> nn.Module:
    if name == "image_to_text" and "texts" not in settings:
        settings = {**settings, "texts": _texts(num_identities, width)}
    attributes = {"model": list(range(num_identities))}
    return LOSS.build(
        Component(name, settings), num_identities=num_identities, width=width, identity_attributes=attributes
    )


def _texts(identities: int, width: int) -> str:
    """A file of texts, each identity's on an axis of its own."""
    path = Path(mkdtemp()) / "texts.safetensors"
    save_file({"texts": torch.eye(width)[:identities].clone()}, path)
    return str(path)
