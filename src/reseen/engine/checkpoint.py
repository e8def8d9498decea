"""What a run keeps of its network: `last.ckpt` to go on from, `best.safetensors` to use.

Both are written whole or not at all, and neither can run code when it is read.
"""

import json
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from reseen.errors import ReseenError
from reseen.files import write_atomically


class Place(NamedTuple):
    """Where training is: whole epochs done, and batches done of the one under way."""

    epoch: int = 0
    step: int = 0


class Card(NamedTuple):
    """What is needed beside the tensors to use a model: how to build it and what to feed it.

    ``num_identities`` None: the model has no classifier. ``camera_names`` and ``view_names``: of the training set, in
    the order that a model's metadata numbers them; ``class_names`` in the order of a classifier's outputs.
    """

    recipe: dict[str, Any]
    num_identities: int | None
    score: float | None
    camera_names: Sequence[str] = ()
    view_names: Sequence[str] = ()
    class_names: Sequence[str] = ()


def save_checkpoint(path: Path, state: Mapping[str, object]) -> None:
    """Tensors and plain values, for resuming."""
    write_atomically(path, lambda file: torch.save(dict(state), file))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """What `save_checkpoint` wrote, on the CPU; refuses anything but tensors and plain values."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ReseenError(f"{path}: no checkpoint there") from None
    except pickle.UnpicklingError:
        raise ReseenError(f"{path}: holds more than tensors and plain values, and was not loaded") from None
    except (RuntimeError, EOFError, OSError) as error:
        reason = next(iter(str(error).splitlines()), "it ends too soon")
        raise ReseenError(f"{path}: damaged or not a checkpoint ({reason})") from None
    if not isinstance(state, dict) or "place" not in state:
        raise ReseenError(f"{path}: not a checkpoint that `reseen train` wrote")
    return state


def save_weights(path: Path, tensors: Mapping[str, Tensor], card: Card) -> None:
    """Weights with their card in the header of one safetensors file."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    data = save(plain, metadata={"reseen": json.dumps(card._asdict())})
    write_atomically(path, lambda file: file.write(data))


def load_card(path: Path) -> Card:
    """The card in a weights file of ours."""
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get("reseen")
    except FileNotFoundError:
        raise ReseenError(f"{path}: no weights there; has the run finished an evaluation?") from None
    except (SafetensorError, OSError) as error:
        raise ReseenError(f"{path}: damaged or not a safetensors file ({error})") from None
    if text is None:
        raise ReseenError(f"{path}: these weights were not written by reseen: they carry no card")
    return Card(**json.loads(text))
