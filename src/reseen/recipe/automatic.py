"""Settings that a recipe leaves to the data: "auto" in a file, a placeholder until the data are known, then a value.

A recipe's types stay those of values: nothing that reads a recipe meets the word "auto".
"""

from collections.abc import Iterable, Mapping

from reseen.recipe.overrides import setting_at, with_setting

AUTO = "auto"


def automatic_settings(raw: Mapping[str, object], places: Iterable[str]) -> tuple[str, ...]:
    """Those of the ``places`` ("section.setting") at which a recipe says "auto".

    >>> automatic_settings({"training": {"epochs": "auto"}}, ["training.epochs", "data.image_size"])
    ('training.epochs',)
    """
    return tuple(place for place in places if setting_at(raw, place) == AUTO)


def with_settings(raw: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    """The recipe's lines with a value at each place ("section.setting")."""
    tree = dict(raw)
    for place, value in values.items():
        tree = with_setting(tree, place, value)
    return tree
