"""Arrays on a device, and their products there."""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from reseen.errors import ReseenError


def on_device(array: NDArray[Any], device: str) -> Tensor:
    """A copy on the device. ReseenError where torch cannot use it."""
    try:
        return torch.from_numpy(array).to(device)
    except (RuntimeError, AssertionError) as error:
        raise ReseenError(f"device '{device}': torch cannot use it ({str(error).splitlines()[0]})") from error


def products(units: Tensor, others: Tensor) -> Tensor:
    """(n, D), (M, D) -> (n, M), without the shorter formats that torch may have been told to use for float32."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        return units @ others.T
    finally:
        torch.set_float32_matmul_precision(before)
