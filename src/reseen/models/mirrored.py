"""The flip test: the embedding is the mean of those of an image and of its mirror image.

B = batch.
"""

from torch import Tensor, nn

from reseen.types import Output


class Mirrored(nn.Module):
    """A model with the flip test; all other outputs are those of the unflipped images."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Output:
        """(B, 3, H, W) -> Output whose embedding is the mean over the images and their mirror images.

        ``cameras`` and ``views`` (B,) hold for both.
        """
        plain: Output = self.model(images, cameras, views)
        mirrored: Output = self.model(images.flip(-1), cameras, views)
        return plain._replace(embedding=(plain.embedding + mirrored.embedding) / 2)
