"""`--set key.of.setting=value`, laid over a recipe before it is checked."""

import tomllib
from collections.abc import Mapping, Sequence

from reseen.errors import ReseenError


def apply_overrides(raw: Mapping[str, object], overrides: Sequence[str]) -> dict[str, object]:
    """A new tree with each ``a.b.c=value`` set. A value is TOML; a bare word is taken as a string.

    >>> apply_overrides({"training": {"epochs": 9}}, ["training.epochs=2", "model.pooling=gem"])
    {'training': {'epochs': 2}, 'model': {'pooling': 'gem'}}
    """
    tree: dict[str, object] = dict(raw)
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not all(key.strip().split(".")):
            raise ReseenError(f"--set {override}: expected key.of.setting=value")
        tree = _with(tree, key.strip().split("."), value=_value(text.strip()), override=override)
    return tree


def _with(tree: Mapping[str, object], keys: Sequence[str], *, value: object, override: str) -> dict[str, object]:
    first, *rest = keys
    if not rest:
        return {**tree, first: value}
    branch = tree.get(first, {})
    if not isinstance(branch, Mapping):
        raise ReseenError(f"--set {override}: '{first}' is a setting, not a section")
    return {**tree, first: _with(branch, rest, value=value, override=override)}


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
