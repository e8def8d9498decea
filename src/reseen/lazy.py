"""Public names of a room that are imported when they are first used, because their modules are heavy."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy_names(room: str, **modules: tuple[str, ...]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a room.

    Args:
        room: The room's `__name__`.
        modules: From a module of the room to its public names.

    Example:
        >>> __getattr__ = lazy_names("reseen.retrieval", record=("Match", "Record"))
        >>> __getattr__("Record").__name__
        'Record'
        >>> __getattr__("Other")
        Traceback (most recent call last):
        AttributeError: module 'reseen.retrieval' has no attribute 'Other'
    """
    homes = {name: module for module, names in modules.items() for name in names}

    def fetch(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module '{room}' has no attribute '{name}'")
        return getattr(import_module(f"{room}.{homes[name]}"), name)

    return fetch
