"""Maps from gradients of the similarity at a stage, through captum.

Grad-CAM (Selvaraju et al., 2017): each channel's activation times the mean of its gradients. HiResCAM (Draelos and
Carin, 2020): each activation times its own gradient, which keeps where a channel mattered. Both are signed here: values
below 0 speak against the match. A cosine does not change when its vector grows, so each map weighs positions
against the rest of the image instead of adding up to the similarity. B = pairs, C = channels, h, w = height and
width of the map, n = branches.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import pad

from reseen.explain.maps.model_inputs import ModelInputs, Vectors, compared_vectors, similarity_shares
from reseen.explain.maps.stages import LAST_BLOCK, backbone_of, stage_layers
from reseen.explain.maps.tokens import attention_blocks, entering_map, jigsaw_of, over_image, placed_pieces
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

    def attributed(layer: nn.Module, branch: int) -> Tensor:
        found: Tensor = method(shares, layer).attribute(
            inputs.images, target=branch, additional_forward_args=(inputs.cameras, inputs.views)
        )
        return found.detach().sum(dim=1)

    layers = stage_layers(model)[stage]
    if stage == LAST_BLOCK:
        return (_of_tokens(model, layers[0], partial(attributed, branch=0)),)
    return tuple(attributed(layer, branch) for branch, layer in enumerate(layers))


def _of_tokens(model: nn.Module, attention: nn.Module, attributed: Callable[[nn.Module], Tensor]) -> Tensor:
    """The map of the patches that enter the last attention; with JPM those that enter its parts' are added."""
    backbone, jigsaw = backbone_of(model), jigsaw_of(model)
    rows, columns = backbone.token_grid or (1, 1)
    with entering_map(attention, (rows, columns)) as point:
        values = attributed(point)
    if jigsaw is not None:
        length = rows * columns // jigsaw.parts
        with entering_map(attention_blocks(model)[-1], (1, length)) as point:
            pieces = pad(attributed(point)[:, 0], (1, 0))  # a first column for the class token, which has no place
        placed = placed_pieces(jigsaw, pieces, patches=rows * columns).sum(dim=1)[:, 1:]
        values = values + rearrange(placed, "b (h w) -> b h w", h=rows)
    return over_image(values, backbone)
