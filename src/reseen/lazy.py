"""Public names of a room that are imported when they are first used, because their modules are heavy."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple


class LazyNames(NamedTuple):
    """The two functions of a module that Python calls for a name that it does not hold, and for `dir`."""

    attribute: Callable[[str], Any]
    names: Callable[[], list[str]]


def lazy_names(room: str, modules: Mapping[str, tuple[str, ...]]) -> LazyNames:
    """Make `__getattr__` and `__dir__` of a room.

    Args:
        room: The room's `__name__`.
        modules: From a module, named as seen from the room, to its public names. `"calibrate_run as calibrate"` gives
            `calibrate_run` of the module the name `calibrate` in the room.

    Returns:
        `__getattr__` and `__dir__`, in this order.

    Example:
        >>> __getattr__, __dir__ = lazy_names("reseen.retrieval", {"record": ("Match", "Record as Row")})
        >>> __getattr__("Row").__name__
        'Record'
        >>> __getattr__("Other")
        Traceback (most recent call last):
        AttributeError: module 'reseen.retrieval' has no attribute 'Other'
    """
    homes = {}
    for module, names in modules.items():
        for attribute, _, public in (name.partition(" as ") for name in names):
            homes[public or attribute] = (f"{room}.{module}", attribute)

    def fetch(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module '{room}' has no attribute '{name}'")
        module, attribute = homes[name]
        return getattr(import_module(module), attribute)

    return LazyNames(fetch, lambda: sorted(vars(sys.modules[room]).keys() | homes))
