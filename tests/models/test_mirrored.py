"""The flip test: the mean of two embeddings, and nothing else."""

import torch
from torch import Tensor, nn

from reseen.models.mirrored import Mirrored
from reseen.types import Output


class LeftHalf(nn.Module):
    """Embeds an image as the mean colour of its left half, and its camera."""

    def forward(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Output:
        half = images[..., : images.shape[-1] // 2].mean(dim=(2, 3))
        told = torch.zeros(len(images)) if cameras is None else cameras.float()
        embedding = torch.cat([half, told[:, None]], dim=1)
        return Output(embedding=embedding, pooled=(half,), necked=(), logits=())


def test_a_mirrored_model_gives_the_mean_of_an_image_and_its_mirror_image() -> None:
    images, cameras = torch.rand(4, 3, 6, 8), torch.arange(4)
    found = Mirrored(LeftHalf())(images, cameras)
    torch.testing.assert_close(found.embedding[:, :3], images.mean(dim=(2, 3)))
    assert found.embedding[:, 3].tolist() == [0, 1, 2, 3]
    plain = LeftHalf()(images)
    assert torch.equal(found.pooled[0], plain.pooled[0])
