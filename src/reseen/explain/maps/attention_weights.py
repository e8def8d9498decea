"""The weights of a ViT's attention, read while the network runs; its numbers stay the same bits.

timm's attention multiplies in one fused call that shows no weights. The call is watched, and made a second time with
the unit matrix for values: what comes out are the weights, whatever made queries, keys, bias and mask. B = images,
N = tokens.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from timm.layers.attention import Attention, AttentionRope
from timm.models.beit import Attention as BeitAttention
from timm.models.eva import EvaAttention
from timm.models.vision_transformer_relpos import RelPosAttention
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

ALL_TO_ALL: tuple[type[nn.Module], ...] = (Attention, AttentionRope, EvaAttention, BeitAttention, RelPosAttention)
"""Attention of every token to every token, whose weights are a softmax over the tokens and multiply the values as they
are. Not Swin's windows, not XCiT's channels, not CaiT's mixed heads."""


@contextmanager
def recorded_weights(modules: Sequence[nn.Module]) -> Iterator[Mapping[nn.Module, Tensor]]:
    """A mapping that fills while the network runs within the block: module -> (B, N, N), the mean over the heads.

    ``modules`` are of ``ALL_TO_ALL``. A row is what one token takes of each, and sums to 1.
    """
    weights: dict[nn.Module, Tensor] = {}
    watch = _FusedCalls()

    def note(module: nn.Module, by_head: Tensor) -> None:
        weights[module] = by_head.float().mean(dim=1)

    with ExitStack() as stack:
        for module in modules:
            for hook in _hooks(module, watch=watch, note=partial(note, module)):
                stack.callback(hook.remove)
        stack.enter_context(watch)
        yield weights


def _hooks(module: Any, *, watch: "_FusedCalls", note: Callable[[Tensor], None]) -> list[Any]:
    """From the module's begin to its end its call is watched; where it is not fused, the weights pass its dropout."""

    def begin(_module: nn.Module, _inputs: object) -> None:
        watch.note = note

    def end(_module: nn.Module, _inputs: object, _output: object) -> None:
        watch.note = None

    def passed(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        note(inputs[0])

    return [
        module.register_forward_pre_hook(begin),
        module.register_forward_hook(end),
        module.attn_drop.register_forward_pre_hook(passed),
    ]


class _FusedCalls(TorchFunctionMode):
    """Hands the weights of each fused call to ``note``, if there is one, and makes the call as it is."""

    note: Callable[[Tensor], None] | None = None

    def __torch_function__(self, func: Any, types: Any, *call: Any) -> Any:
        """Torch's own protocol: ``call`` is the positional arguments and the named ones, where there are any."""
        del types
        args: tuple[Any, ...] = call[0] if call else ()
        named: dict[str, Any] = (call[1] if len(call) > 1 else None) or {}
        if func is scaled_dot_product_attention and self.note is not None:
            query, key, _ = args
            unit = torch.eye(key.shape[-2], dtype=query.dtype, device=query.device)
            self.note(func(query, key, unit.expand(*key.shape[:-2], -1, -1), **named))
        return func(*args, **named)
