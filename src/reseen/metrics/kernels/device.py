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
    """(n, D), (M, D) -> (n, M), in full float32, whatever shorter formats torch is set to use."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        return units @ others.T
    finally:
        torch.set_float32_matmul_precision(before)
