"""The BNNeck of BoT: triplet losses see the vector before it, the classifier and retrieval the one after it.

Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person Re-identification", 2019, section 3.6.
"""

from torch import Tensor, nn


class BNNeck(nn.Module):
    """Batch norm without shift: the bias stays 0, so that identity means spread around the origin."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)
        self.norm.bias.requires_grad = False

    def forward(self, pooled: Tensor) -> Tensor:
        """(B, C) -> (B, C); a training batch needs at least two images."""
        necked: Tensor = self.norm(pooled)
        return necked


def identity_classifier(channels: int, num_identities: int) -> nn.Linear:
    """(B, C) -> (B, I) without bias, drawn from N(0, 0.001) so that training starts from equal logits."""
    classifier = nn.Linear(channels, num_identities, bias=False)
    nn.init.normal_(classifier.weight, std=0.001)
    return classifier
