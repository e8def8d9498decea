"""The flip test: a picture is embedded as it is and as its mirror image, and the mean of both is compared.

B = batch.
"""

from torch import Tensor, nn

from reseen.types import Output


class Mirrored(nn.Module):
    """Around a model, and used in its place; what is no embedding is that of the pictures as they are."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Output:
        """(B, 3, H, W) -> Output whose embedding is the mean of those of the pictures and of their mirror images.

        ``cameras`` and ``views`` (B,) hold for both.
        """
        plain: Output = self.model(images, cameras, views)
        mirrored: Output = self.model(images.flip(-1), cameras, views)
        return plain._replace(embedding=(plain.embedding + mirrored.embedding) / 2)
