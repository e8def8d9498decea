"""The mark of losses that compare images of a batch. Such a batch needs two identities with two images each."""

from collections.abc import Callable
from typing import TypeVar

from torch import nn

FactoryT = TypeVar("FactoryT", bound=Callable[..., nn.Module])


def compares_pairs(factory: FactoryT) -> FactoryT:
    """Mark a factory of losses that compare the images of a batch."""
    factory.compares_pairs = True  # type: ignore[attr-defined]
    return factory


def does_compare_pairs(factory: Callable[..., nn.Module]) -> bool:
    """Whether the factory is marked with ``compares_pairs``."""
    return getattr(factory, "compares_pairs", False)
