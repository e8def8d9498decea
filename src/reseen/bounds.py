"""Bounds that settings declare with their types; whoever reads settings checks them (pydantic knows these marks)."""

from typing import Annotated, TypeAlias

from annotated_types import Ge, Gt, Le

Positive: TypeAlias = Annotated[float, Gt(0)]
NotNegative: TypeAlias = Annotated[float, Ge(0)]
Share: TypeAlias = Annotated[float, Ge(0), Le(1)]
Part: TypeAlias = Annotated[float, Gt(0), Le(1)]
"""A share of which something is left."""
Count: TypeAlias = Annotated[int, Ge(1)]
Triple: TypeAlias = tuple[float, float, float]
"""One number a channel, RGB."""
