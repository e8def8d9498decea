"""Whether a loss compares images of a batch, which must then hold two of an identity, and two identities."""

from collections.abc import Callable
from typing import TypeVar

from torch import nn

FactoryT = TypeVar("FactoryT", bound=Callable[..., nn.Module])


def compares_pairs(factory: FactoryT) -> FactoryT:
    """Mark a factory whose losses compare images of a batch."""
    factory.compares_pairs = True  # type: ignore[attr-defined]
    return factory


def does_compare_pairs(factory: Callable[..., nn.Module]) -> bool:
    """Whether the factory is marked so."""
    return getattr(factory, "compares_pairs", False)
