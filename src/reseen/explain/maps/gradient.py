"""Maps from gradients of the similarity at a stage, through captum.

Grad-CAM (Selvaraju et al., 2017): each channel's activation times the mean of its gradients. HiResCAM (Draelos and
Carin, 2020): each activation times its own gradient, which keeps where a channel mattered. Both are signed here: values
below 0 speak against the match. A cosine does not change when its vector grows, so each map weighs positions
against the rest of the image instead of adding up to the similarity. B = pairs, C = channels, h, w = height and
width of the map, n = branches.
"""

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from reseen.explain.maps.model_inputs import ModelInputs, Vectors, compared_vectors, similarity_shares
from reseen.explain.maps.stages import stage_layers
from reseen.extras import extra

if TYPE_CHECKING:
    from captum.attr import LayerAttribution


def grad_cam(model: nn.Module, inputs: ModelInputs, other: Vectors, *, stage: str) -> tuple[Tensor, ...]:
    """-> n of (B, h, w): how much of each branch's share of the similarity to ``other`` is due to each position."""
    with extra("explain"):
        from captum.attr import LayerGradCam
    return _attributed(LayerGradCam, model, inputs, other=other, stage=stage)


def hires_cam(model: nn.Module, inputs: ModelInputs, other: Vectors, *, stage: str) -> tuple[Tensor, ...]:
    """-> n of (B, h, w), as `grad_cam`."""
    with extra("explain"):
        from captum.attr import LayerGradientXActivation
    return _attributed(LayerGradientXActivation, model, inputs, other=other, stage=stage)


def _attributed(
    method: "type[LayerAttribution]", model: nn.Module, inputs: ModelInputs, *, other: Vectors, stage: str
) -> tuple[Tensor, ...]:
    def shares(*inputs: Any) -> Tensor:
        return similarity_shares(compared_vectors(model, ModelInputs(*inputs)), other)

    return tuple(
        method(shares, layer)
        .attribute(inputs.images, target=branch, additional_forward_args=(inputs.cameras, inputs.views))
        .detach()
        .sum(dim=1)
        for branch, layer in enumerate(stage_layers(model)[stage])
    )
