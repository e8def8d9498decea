"""Multiply-adds of a network by torch's own counter, and the activations alive at once.

Nothing is computed: the pass runs on torch's fake tensors, which have shapes and no contents; multiply-adds of a
network on the meta device are counted there, in a fifth of the time.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from typing import Any, NamedTuple
from weakref import finalize

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

aten = torch.ops.aten
NORMS = (aten.native_batch_norm, aten.cudnn_batch_norm, aten.native_layer_norm, aten.native_group_norm)
PER_NORMALISED = 4
"""Multiply-adds counted for each element of a normalisation, which is how the papers' tools count: two for
(x - mean) / deviation and two for scale and shift."""


class Macs(NamedTuple):
    """Multiply-adds of one image's forward pass, by kind."""

    convolution: int = 0
    matmul: int = 0
    normalisation: int = 0

    @property
    def total(self) -> int:
        """All kinds."""
        return sum(self)


def count_macs(model: nn.Module, image_size: tuple[int, int]) -> Mapping[str, Macs]:
    """Count the multiply-adds of one image's forward pass in evaluation, module by module.

    Element-wise work (activations, pooling, softmax) is not counted.

    Args:
        model: Any network over (B, 3, H, W); it is left in evaluation mode.
        image_size: (H, W).

    Returns:
        From the dotted name of each module, "" for the whole, to its multiply-adds.

    Example:
        >>> convolution = nn.Conv2d(3, 8, kernel_size=1)
        >>> count_macs(convolution, (4, 2))[""]
        Macs(convolution=192, matmul=0, normalisation=0)
    """
    model.eval()
    counter = FlopCounterMode(display=False, custom_mapping=dict.fromkeys(NORMS, _normalised))
    with _weightless(model), counter, torch.no_grad():
        model(_images(model, 1, image_size))
    root = type(model).__name__
    counts = {name: ops for name, ops in counter.get_flop_counts().items() if name.split(".")[0] == root}
    return {name.removeprefix(root).removeprefix("."): _macs(ops) for name, ops in counts.items()}


def peak_activations(model: nn.Module, image_size: tuple[int, int], *, batch: int = 2) -> int:
    """The most bytes for each image that the tensors of a forward pass hold at once.

    In training mode they include everything that backward needs. The model and its statistics are left as they are.

    Args:
        model: Any network over (B, 3, H, W).
        image_size: (H, W).
        batch: Images in the pass.

    Returns:
        Bytes, divided by the images.

    Example:
        >>> peak_activations(nn.Conv2d(3, 8, kernel_size=1), (4, 2))
        256
    """
    live = _Live()
    with _fake(), torch.set_grad_enabled(model.training):
        images = _images(model, batch, image_size)
        with live:
            output = model(images)
    del output
    return live.peak // batch


def _images(model: nn.Module, batch: int, image_size: tuple[int, int]) -> Tensor:
    return torch.zeros(batch, 3, *image_size, device=next(model.parameters()).device)


def _weightless(model: nn.Module) -> AbstractContextManager[object]:
    if all(tensor.is_meta for tensor in chain(model.parameters(), model.buffers())):
        return nullcontext()
    return _fake()


def _fake() -> FakeTensorMode:
    return FakeTensorMode(allow_non_fake_inputs=True)  # the model's own parameters are real


class _Live(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of storages from their allocation by an operator until nothing refers to them."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(  # noqa: PLR0917 - torch calls it with these four
        self,
        func: OpOverload,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        result = func(*args, **(kwargs or {}))
        if any(returned.alias_info is not None for returned in func._schema.returns):  # noqa: SLF001 - a view
            return result
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._made(leaf.untyped_storage())
        return result

    def _made(self, storage: torch.UntypedStorage) -> None:
        if id(storage) in self._seen:
            return
        self._seen.add(id(storage))
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        finalize(storage, self._freed, id(storage), storage.nbytes())

    def _freed(self, number: int, size: int) -> None:
        self._seen.discard(number)
        self.now -= size


def _normalised(input_shape: torch.Size, *_: object, **__: object) -> int:
    return 2 * PER_NORMALISED * input_shape.numel()  # the counter's unit is half a multiply-add


def _macs(flops: Mapping[Any, int]) -> Macs:
    norms = {str(op) for op in NORMS}
    by_kind = {"convolution": 0, "matmul": 0, "normalisation": 0}
    for op, count in flops.items():
        name = str(op)
        kind = "normalisation" if name in norms else "convolution" if "conv" in name else "matmul"
        by_kind[kind] += count // 2
    return Macs(**by_kind)
