"""MUSP's loss on how a head shares out positions: no position belongs to all prototypes at once.

Lee et al., "Multi-attention-based Soft Partition Network for Vehicle Re-Identification", 2021.
B = batch, P = prototypes.
"""

from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.losses.features import precise
from reseen.types import Output


class PrototypeLoss(nn.Module):
    """The sum over the images of a batch and their positions of the product over prototypes of their shares.

    It is a sum, as in the release, so it grows with the batch and with the map.
    """

    def forward(self, output: Output, labels: Tensor) -> Tensor:  # noqa: ARG002 - every loss is called so
        """Output with shares (B, P, h, w), labels (B,) -> scalar. Raises ReseenError for a model without shares."""
        if output.shares is None:
            raise ReseenError("prototypes needs a model whose head shares out positions: head = { name = 'musp' }")
        return precise(output.shares).prod(dim=1).sum()


def prototypes() -> nn.Module:
    """Pushes the prototypes of the head `musp` apart; it has no settings but its weight, 1 in the release."""
    return PrototypeLoss()
