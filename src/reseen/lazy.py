"""Public names of a room that are imported when they are first used, because their modules are heavy."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(room: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a room.

    Args:
        room: The room's `__name__`.
        homes: From a public name to the module of the room that holds it.

    Example:
        >>> __getattr__ = lazy_names("reseen.retrieval", {"Record": "record"})
        >>> __getattr__("Record").__name__
        'Record'
        >>> __getattr__("Other")
        Traceback (most recent call last):
        AttributeError: module 'reseen.retrieval' has no attribute 'Other'
    """

    def fetch(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module '{room}' has no attribute '{name}'")
        return getattr(import_module(f"{room}.{homes[name]}"), name)

    return fetch
