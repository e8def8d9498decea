"""How much similarity is lost when a square of the image is painted over: a map without gradients.

Zeiler and Fergus, 2014. One pass per square serves all branches. B = pairs, G = cells along each side of the
map, n = branches.
"""

import torch
from torch import Tensor, nn

from reseen.explain.maps.model_inputs import ModelInputs, Vectors, branch_vectors, similarity_shares

IMAGE = "picture"
"""The stage of occlusion: the image itself."""
CELLS = 8
"""G: squares are two cells wide and high and move by one."""


def occlusion(model: nn.Module, inputs: ModelInputs, other: Vectors, *, stage: str = IMAGE) -> tuple[Tensor, ...]:
    """-> n of (B, G, G): a cell's mean loss over the squares that cover it, signed.

    A square is painted with 0, the mean colour of the data.
    """
    if stage != IMAGE:
        raise ValueError(f"stage: occlusion works on '{IMAGE}', got '{stage}'")
    images = inputs.images
    cells = min(CELLS, *images.shape[2:])
    rows, columns = (_edges(size, cells) for size in images.shape[2:])
    whole = similarity_shares(branch_vectors(model, inputs), other)
    losses = torch.zeros(*whole.shape, cells, cells, device=whole.device)
    covered = losses.new_zeros(cells, cells)
    for row in range(cells - 1):
        for column in range(cells - 1):
            painted = images.clone()
            painted[:, :, rows[row] : rows[row + 2], columns[column] : columns[column + 2]] = 0
            left = similarity_shares(branch_vectors(model, inputs._replace(images=painted)), other)
            losses[:, :, row : row + 2, column : column + 2] += (whole - left)[:, :, None, None]
            covered[row : row + 2, column : column + 2] += 1
    return tuple((losses / covered).unbind(dim=1))


def _edges(size: int, cells: int) -> list[int]:
    """The edges of the cells in pixels: cells + 1 numbers."""
    return [round(size * cell / cells) for cell in range(cells + 1)]
