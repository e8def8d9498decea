"""Label maps for images of any size: the whole image at once, or window by window.

The paper's attention is bound to the map it was built for. `Labeller` resizes it to the size that comes
(`reseen.set_input_size`), which goes past the paper; windows have the size of training and need no resizing.

B = batch, K = classes.
"""

from math import ceil
from typing import Literal, TypeAlias

from torch import Tensor, nn

from reseen.backbones import set_input_size
from reseen.tasks.segment.model import Segmenter

Inference: TypeAlias = Literal["whole", "sliding"]


class Labeller:
    """A segmenter in evaluation mode that takes images of any size.

    ``window`` (height, width): what the segmenter was built for. ``overlap``: the share of a window that the next
    one sees again, at least.
    """

    def __init__(
        self, model: Segmenter, *, window: tuple[int, int], inference: Inference = "whole", overlap: float = 1 / 3
    ) -> None:
        self._models = {window: model}
        self._window = window
        self._inference = inference
        self._overlap = overlap

    def __call__(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised -> the class of each pixel, (B, H, W) int64."""
        return self.probabilities(images).argmax(dim=1)

    def probabilities(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised -> (B, K, H, W), which sum to 1 over the classes."""
        if self._inference == "sliding":
            return slide(self._models[self._window], images, window=self._window, overlap=self._overlap)
        height, width = images.shape[-2:]
        return _probabilities(self._resized((height, width)), images)

    def _resized(self, size: tuple[int, int]) -> Segmenter:
        """The segmenter for images of ``size``; the last other size is cached."""
        if size not in self._models:
            original = self._models[self._window]
            self._models = {self._window: original, size: set_input_size(original, image_size=size)}
        return self._models[size]


def slide(model: nn.Module, images: Tensor, *, window: tuple[int, int], overlap: float) -> Tensor:
    """(B, 3, H, W) -> (B, K, H, W): the mean of the probabilities from all windows that see a pixel.

    Images smaller than a window are filled up with the mean colour, which is 0 once normalised.
    """
    height, width = images.shape[-2:]
    missing = [max(0, side - had) for side, had in zip(window, (height, width), strict=True)]
    padded = nn.functional.pad(images, (0, missing[1], 0, missing[0]))
    total, seen = None, padded.new_zeros(1, 1, *padded.shape[-2:])
    for top in starts(padded.shape[-2], window=window[0], overlap=overlap):
        for left in starts(padded.shape[-1], window=window[1], overlap=overlap):
            rows, columns = slice(top, top + window[0]), slice(left, left + window[1])
            probabilities = _probabilities(model, padded[..., rows, columns])
            if total is None:
                total = probabilities.new_zeros(*probabilities.shape[:2], *padded.shape[-2:])
            total[..., rows, columns] += probabilities
            seen[..., rows, columns] += 1
    assert total is not None, "there is at least one window"
    return (total / seen)[..., :height, :width]


def starts(length: int, *, window: int, overlap: float) -> list[int]:
    """The starts of windows that cover ``length``, each sharing at least ``overlap`` of itself with the next.

    >>> starts(10, window=4, overlap=0.5)
    [0, 2, 4, 6]
    >>> starts(9, window=4, overlap=0.5)
    [0, 2, 4, 5]
    """
    step = max(1, int(window * (1 - overlap)))
    count = ceil((length - window) / step) + 1
    return [min(number * step, length - window) for number in range(count)]


def _probabilities(model: nn.Module, images: Tensor) -> Tensor:
    logits: Tensor = model(images).logits
    return logits.float().softmax(dim=1)
