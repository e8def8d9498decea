"""What a factory asks for: of all that a program could supply, it gets what its signature names."""

from collections.abc import Callable
from inspect import signature
from typing import Any


def supplied(factory: Callable[..., Any], **available: Any) -> dict[str, Any]:
    """Those of ``available`` that the factory's signature names.

    >>> supplied(lambda path, seed: ..., seed=3, size=4)
    {'seed': 3}
    """
    named = signature(factory).parameters
    return {name: value for name, value in available.items() if name in named}
