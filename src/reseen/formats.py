"""What outlives a process says its format: the one table of formats, how each is said, and what is done on reading.

A file of ours that says none is of format 1. An older one is brought up step by step, a newer one is refused.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from reseen.errors import ReseenError

Kind: TypeAlias = Literal[
    "recipe", "weights", "checkpoint", "facts", "embeddings", "job", "gallery", "linking", "discovery"
]
"""What has a format. A run directory's is that of its recipe, which also stands in a weights file's card."""

Migration: TypeAlias = Callable[[dict[str, Any]], Mapping[str, Any]]
"""The values of one format -> those of the next. Recipes written by hand say no format, so one for recipes renames what
is there under its old name and leaves the rest alone."""

FORMAT = "format"
"""The key that says it."""


def _pretrained_size(recipe: Mapping[str, Any]) -> Mapping[str, Any]:
    """``model.carried_from`` is called ``model.pretrained_size`` from format 2 on."""
    model = recipe.get("model")
    if not isinstance(model, Mapping):
        return recipe
    names = {"carried_from": "pretrained_size"}
    return {**recipe, "model": {names.get(name, name): value for name, value in model.items()}}


def _images_of_epoch(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The count ``pictures`` of the epoch under way is called ``images`` from format 2 on."""
    stats = dict(state.get("tally", {}))
    if "pictures" in stats:
        stats["images"] = stats.pop("pictures")
    return {**state, "tally": stats}


MIGRATIONS: Mapping[Kind, tuple[Migration, ...]] = MappingProxyType(
    {
        "recipe": (_pretrained_size,),
        "weights": (),
        "checkpoint": (_images_of_epoch,),
        "facts": (),
        "embeddings": (),
        "job": (),
        "gallery": (),
        "linking": (),
        "discovery": (),
    }
)
"""The first brings format 1 to 2, and so on: a kind's format is one more than it has migrations."""

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def format_of(kind: Kind) -> int:
    """The format that is written now."""
    return len(MIGRATIONS[kind]) + 1


def with_format(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are written: with their format first.

    >>> with_format("job", {"width": 2})
    {'format': 1, 'width': 2}
    """
    return {FORMAT: format_of(kind), **values}


def migrated(kind: Kind, values: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    """The values that were read, in today's format and without it; ``name`` of the file begins the error line.

    Raises ReseenError for a format of a newer reseen, and for one that is no number.
    """
    values, newest = dict(values), format_of(kind)
    said = str(values.pop(FORMAT, 1))
    if not _NUMBER.fullmatch(said):
        raise ReseenError(f"{name}: format: expected a whole number from 1, got {said[:40]!r}")
    if int(said) > newest:
        raise ReseenError(
            f"{name}: written by a newer reseen (format {said}; this one reads up to {newest}): upgrade reseen"
        )
    for migration in MIGRATIONS[kind][int(said) - 1 :]:
        values = dict(migration(values))
    return values
