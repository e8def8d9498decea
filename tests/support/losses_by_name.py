"""A loss by name, built as a recipe builds it."""

from torch import nn

from reseen.recipe.components import Component
from reseen.recipe.kinds import LOSS


def loss_by_name(name: str, *, num_identities: int, width: int, **settings: object) -> nn.Module:
    attributes = {"model": list(range(num_identities))}
    return LOSS.build(
        Component(name, settings), num_identities=num_identities, width=width, identity_attributes=attributes
    )
