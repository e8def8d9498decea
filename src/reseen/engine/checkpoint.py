"""The saved network of a run: `last.ckpt` to resume from, `best.safetensors` to use.

Both are written whole or not at all, and neither can run code when it is read.
"""

import json
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import torch
from pydantic import Field, TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.files import write_atomically
from reseen.formats import migrated, with_format
from reseen.models import load_weights, read_weights


class Place(NamedTuple):
    """A place in training: finished epochs, and finished batches of the next one."""

    epoch: int = 0
    step: int = 0


class Card(NamedTuple):
    """The data that a model needs beside its tensors: how to build it and what to feed it.

    ``num_identities`` None: the model has no classifier. ``camera_names`` and ``view_names``: of the training set, in
    the order that a model's metadata numbers them; ``class_names`` in the order of a classifier's outputs.
    ``attributes``: what the network predicts besides, each with the names of its classes in that order.
    """

    recipe: dict[str, Any]
    num_identities: Annotated[int, Field(ge=1)] | None
    score: float | None
    camera_names: Sequence[str] = ()
    view_names: Sequence[str] = ()
    class_names: Sequence[str] = ()
    attributes: Mapping[str, Annotated[Sequence[str], Field(min_length=1)]] = {}

    def as_values(self) -> dict[str, Any]:
        """The card as it is written: without attributes where there are none, as it was before there were any."""
        values = {**self._asdict(), "attributes": {name: list(names) for name, names in self.attributes.items()}}
        return values if self.attributes else {name: values[name] for name in values if name != "attributes"}


_CARD = TypeAdapter(Card)
_CARD_VALUES = TypeAdapter(dict[str, Any])

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def save_checkpoint(path: Path, state: Mapping[str, object]) -> None:
    """Write tensors and plain values, for resuming."""
    write_atomically(path, lambda file: torch.save(with_format("checkpoint", state), file))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote, onto the CPU; anything but tensors and plain values is refused."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ReseenError(f"{path}: no checkpoint there") from None
    except pickle.UnpicklingError:
        raise ReseenError(f"{path}: holds more than tensors and plain values, and was not loaded") from None
    except (RuntimeError, EOFError, OSError) as error:
        reason = next(iter(str(error).splitlines()), "it ends too soon")
        raise ReseenError(f"{path}: damaged or not a checkpoint ({reason})") from None
    state = migrated("checkpoint", state, name=str(path)) if isinstance(state, dict) else {}
    if "place" not in state:
        raise ReseenError(f"{path}: not a checkpoint that `reseen train` wrote")
    return state


def save_weights(path: Path, tensors: Mapping[str, Tensor], card: Card) -> None:
    """Write weights, with their card in the header, as one safetensors file."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    values = with_format("weights", {**card.as_values(), "recipe": with_format("recipe", card.recipe)})
    data = save(plain, metadata={"reseen": json.dumps(values)})
    write_atomically(path, lambda file: file.write(data))


def load_card(path: Path) -> Card:
    """Read the card of a weights file that reseen wrote."""
    text = _card_text(path)
    if text is None:
        raise ReseenError(f"{path}: these weights were not written by reseen: they carry no card")
    try:
        values = migrated("weights", _CARD_VALUES.validate_json(text), name=str(path))
        card = _CARD.validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise ReseenError(
            f"{path}: its card is damaged, or of another version of reseen: {where}{': ' * bool(where)}{fault['msg']}"
        ) from None
    return card._replace(recipe=migrated("recipe", card.recipe, name=f"{path}: its recipe"))


def has_card(path: Path) -> bool:
    """Whether reseen wrote a safetensors file; ReseenError for a file that is damaged or none."""
    return _card_text(path) is not None


def _card_text(path: Path) -> str | None:
    try:
        with safe_open(path, framework="pt") as file:
            text: str | None = (file.metadata() or {}).get("reseen")
            return text
    except FileNotFoundError:
        raise ReseenError(f"{path}: no weights there; has the run finished an evaluation?") from None
    except (SafetensorError, OSError) as error:
        raise ReseenError(f"{path}: damaged or not a safetensors file ({error})") from None


def load_built(path: Path, build: Callable[[], ModuleT]) -> ModuleT:
    """Build a module with ``build`` and load the file's tensors into it, in evaluation mode.

    It is built without memory first: a card may name any size, and only the size of the file's tensors is allocated.
    Raises ReseenError where they do not fit.
    """
    try:
        with torch.device("meta"):
            load_weights(build(), _shapes(path))
        module = build()
        load_weights(module, read_weights(path).tensors)
    except ReseenError as error:
        raise ReseenError(f"{path}: {error}") from None
    return module.eval()


def _shapes(path: Path) -> dict[str, Tensor]:
    """Empty tensors of the shapes in the file."""
    with safe_open(path, framework="pt") as file:
        return {name: torch.empty(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
