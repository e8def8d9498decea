"""Lines laid over a recipe before it is checked: those of a file that extends it, and `--set key.of.setting=value`."""

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
        try:
            tree = with_setting(tree, key.strip(), _value(text.strip()))
        except ValueError as error:
            raise ReseenError(f"--set {override}: {error}") from None
    return tree


def setting_at(tree: Mapping[str, object], key: str) -> object:
    """The value of the setting ``a.b.c``; None where the tree has none.

    >>> setting_at({"training": {"epochs": 9}}, "training.epochs")
    9
    """
    value: object = tree
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def with_setting(tree: Mapping[str, object], key: str, value: object) -> dict[str, object]:
    """A new tree in which the setting ``a.b.c`` has the value. ValueError where ``a`` or ``a.b`` is no section.

    >>> with_setting({"training": {"epochs": 9}}, "training.epochs", 2)
    {'training': {'epochs': 2}}
    """
    first, _, rest = key.partition(".")
    if not rest:
        return {**tree, first: value}
    branch = tree.get(first, {})
    if not isinstance(branch, Mapping):
        raise ValueError(f"'{first}' is a setting, not a section")  # noqa: TRY004 - a fault of what the user wrote
    return {**tree, first: with_setting(branch, rest, value)}


def laid_over(base: Mapping[str, object], lines: Mapping[str, object]) -> dict[str, object]:
    """A new tree: a table among the lines adds to the table of ``base``, anything else replaces what is there.

    >>> laid_over({"model": {"pooling": "gem"}, "seed": 1}, {"model": {"last_stride": 1}, "seed": 2})
    {'model': {'pooling': 'gem', 'last_stride': 1}, 'seed': 2}
    """
    merged = dict(base)
    for key, value in lines.items():
        there = merged.get(key)
        merged[key] = laid_over(there, value) if isinstance(there, Mapping) and isinstance(value, Mapping) else value
    return merged


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
