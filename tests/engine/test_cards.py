"""Weights from anywhere: a card that says what is not so is one line, and nothing is allocated on its word."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from reseen.deploy.loading import load_network
from reseen.engine.checkpoint import load_card
from reseen.errors import ReseenError
from reseen.models import read_weights


@pytest.fixture
def with_card(weights_file: Path, tmp_path: Path) -> Callable[[str], Path]:
    """The same tensors under another card."""

    def write(text: str) -> Path:
        save_file(read_weights(weights_file).tensors, tmp_path / "net.safetensors", metadata={"reseen": text})
        return tmp_path / "net.safetensors"

    return write


def changed(card: dict[str, Any], place: str, value: object) -> str:
    *outer, last = place.split(".")
    inner = card
    for key in outer:
        inner = inner[key]
    inner[last] = value
    return json.dumps(card)


def is_one_line(path: Path, said: str) -> None:
    with pytest.raises(ReseenError, match=said) as raised:
        load_network(path)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith(str(path))


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "null", "[" * 100_000, '{"recipe": {}}'])
def test_a_card_that_is_none_is_one_line(text: str, with_card: Callable[[str], Path]) -> None:
    is_one_line(with_card(text), "its card is damaged, or of another version of reseen|carry no card")


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("later", 1, "another version of reseen: later"),
        ("recipe", [1], "recipe: Input should be an object"),
        ("recipe.model", 1, "model: "),
        ("num_identities", "many", "num_identities: Input should be a valid integer"),
        ("num_identities", 0, "num_identities: .*greater than or equal to 1"),
        ("camera_names", 5, "camera_names: Input should be"),
        ("class_names", [5], "class_names.0: Input should be a valid string"),
        ("attributes", {"colour": []}, "attributes.colour: "),
        ("attributes", {"colour": ["red"]}, "weights do not fit: 2 missing"),
        ("recipe.data.image_size", [60_000, 60_000], "less than or equal to 4096"),
    ],
)
def test_what_a_card_may_not_say_is_named(
    place: str, value: object, said: str, weights_file: Path, with_card: Callable[[str], Path]
) -> None:
    is_one_line(with_card(changed(load_card(weights_file)._asdict(), place, value)), said)


def test_nothing_is_allocated_that_the_tensors_do_not_have(
    weights_file: Path, with_card: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_card(changed(load_card(weights_file)._asdict(), "num_identities", 10**8))
    linear = torch.nn.Linear.__init__

    def small(self: torch.nn.Linear, *args: Any, **settings: Any) -> None:
        linear(self, *args, **settings)
        assert self.weight.is_meta or math.prod(self.weight.shape) < 10**7

    monkeypatch.setattr(torch.nn.Linear, "__init__", small)
    with pytest.raises(ReseenError, match=r"net.safetensors: the weights do not fit: .*100000000"):
        load_network(path)
