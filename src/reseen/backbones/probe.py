"""Pass an empty image through a network to learn its shapes and what it uses; the network stays as it was."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from reseen.errors import ReseenError

CANNOT_RUN = (RuntimeError, ValueError, TypeError, AssertionError, IndexError, ZeroDivisionError)
"""What timm networks raise for an image that is too small or does not divide into their patches."""


def pass_empty_image(network: nn.Module, forward: Callable[[Tensor], object], *, image_size: tuple[int, int]) -> None:
    """Call ``forward`` of ``network`` on zeros (1, 3, H, W) in evaluation mode, where statistics stay as they are.

    Raises ReseenError if the network cannot take images of ``image_size`` (height, width).
    """
    like = next(network.parameters())
    image = torch.zeros(1, 3, *image_size, device=like.device, dtype=like.dtype)
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            forward(image)
    except CANNOT_RUN as error:
        raise cannot_take(network, image_size, error) from error
    finally:
        network.train(was_training)


def leaves(output: Tensor) -> list[Tensor]:
    """The tensors with gradients that ``output`` was computed from, read from its graph: no gradient is computed.

    What a block computes under reentrant checkpointing is not in the graph.
    """
    found: list[Tensor] = []
    seen: set[Node] = set()
    left = [output.grad_fn]
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):  # where a leaf's gradient would be added up
            found.append(node.variable)
        left += [before for before, _ in node.next_functions]
    return found


def cannot_take(network: nn.Module, image_size: tuple[int, int], error: BaseException) -> ReseenError:
    """One line for what a network raised on an image of ``image_size``."""
    reason = " ".join(str(error).split())[:200]
    return ReseenError(f"{type(network).__name__} cannot take images of {by(image_size)}: {reason}")


def by(size: tuple[int, ...]) -> str:
    """(256, 128) -> "256 x 128"."""
    return " x ".join(map(str, size))
