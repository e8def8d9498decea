"""Arrays from whatever holds numbers, torch tensors among them, without loading PyTorch for those who have none."""

import sys
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError

if TYPE_CHECKING:
    from torch import Tensor

ArrayLike: TypeAlias = "NDArray[Any] | Tensor"
"""An array, or a torch tensor on any device, half precision too, with or without a gradient."""


def is_tensor(values: object) -> "TypeGuard[Tensor]":
    """Whether this is a torch tensor; who has one has loaded PyTorch, which another thread may just be doing."""
    tensor = getattr(sys.modules.get("torch"), "Tensor", None)
    return tensor is not None and isinstance(values, tensor)


def as_array(values: Any) -> NDArray[Any]:
    """An array, a torch tensor, or a list of numbers, words or tensors -> an array, which may share its memory.

    Half precision, bfloat16 included, becomes float32, which holds the same numbers; a gradient is left behind.
    Raises ReseenError for a tensor that holds no plain numbers: sparse, or without data.

    >>> as_array([1, 2]).tolist()
    [1, 2]
    """
    if is_tensor(values):
        array = _from_tensor(values)
    elif isinstance(values, list | tuple) and any(map(is_tensor, values)):
        array = np.asarray([as_array(value) for value in values])
    else:
        array = np.asarray(values)
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _from_tensor(tensor: "Tensor") -> NDArray[Any]:
    try:
        here = tensor.detach().cpu()
        if here.is_floating_point() and here.element_size() < 4:
            here = here.float()  # numpy knows no bfloat16
        array: NDArray[Any] = here.numpy(force=True)
    except (RuntimeError, TypeError) as error:
        raise ReseenError(
            f"a torch tensor of {tensor.dtype} on {tensor.device} ({tensor.layout}) cannot be read: "
            f"{str(error).splitlines()[0]}; give a dense tensor of floats or whole numbers"
        ) from None
    return array
