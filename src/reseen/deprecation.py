"""Old public names that keep working for one version, with a DeprecationWarning that names the new one."""

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def moved_names(
    module: str, moved: Mapping[str, str], *, otherwise: Callable[[str], Any] | None = None
) -> Callable[[str], Any]:
    """Make the `__getattr__` of a module whose public names have moved or been renamed.

    Args:
        module: The module's name, which is `__name__`.
        moved: From an old name to `"package.module:name"`, where it is now. Nothing is imported before it is used.
        otherwise: The module's own `__getattr__`, which is called for every other name.

    Returns:
        A function to assign to `__getattr__` of the module itself: the warning names the line that calls it.

    Example:
        >>> __getattr__ = moved_names("reseen.ops", {"square": "math:sqrt"})
        >>> __getattr__("circle")
        Traceback (most recent call last):
        AttributeError: module 'reseen.ops' has no attribute 'circle'
    """

    def fetch(name: str) -> Any:
        if name not in moved and otherwise:
            return otherwise(name)
        if name not in moved:
            raise AttributeError(f"module '{module}' has no attribute '{name}'")
        home, _, new = moved[name].partition(":")
        _warn(f"{module}.{name}", f"{home}.{new}")
        return getattr(import_module(home), new)

    return fetch


def renamed_attribute(old: str, new: str) -> Any:
    """Make a property that reads the attribute or method `new`; `old` is its former name, with its class.

    Example:
        >>> class Draw:
        ...     row = 3
        ...     index = renamed_attribute("Draw.index", "row")
    """

    def read(instance: object) -> Any:
        _warn(old, new)
        return getattr(instance, new)

    return property(read)


def renamed_keywords(**renamed: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function, so that it also takes the former names of its keywords, given as `old="new"`."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            for old in renamed.keys() & kwargs.keys():
                if renamed[old] in kwargs:
                    raise TypeError(f"{function.__qualname__}() got '{renamed[old]}' and its former name '{old}'")
                _warn(f"{function.__qualname__}({old}=...)", renamed[old])
                kwargs[renamed[old]] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorate


def _warn(old: str, new: str) -> None:
    """Warn at the line that used the old name, two calls up."""
    warnings.warn(f"{old} is now {new}; the old name goes in the next version", DeprecationWarning, stacklevel=3)
