"""Tensors where arrays are expected: the same numbers whatever holds them, or one line that says what to give."""

import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest
import torch

from reseen.arrays import as_array, is_tensor
from reseen.errors import ReseenError

NUMBERS = [[0.5, -2.0], [1.0, 3.0]]
"""Exact in every format."""


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_a_tensor_of_any_float_is_its_numbers(kind):
    array = as_array(torch.tensor(NUMBERS, dtype=kind, requires_grad=True))
    assert array.dtype == (np.float64 if kind == torch.float64 else np.float32)
    assert array.tolist() == NUMBERS


def test_half_precision_is_float32_in_either_library():
    half = np.array(NUMBERS, dtype=np.float16)
    assert as_array(half).dtype == as_array(torch.from_numpy(half)).dtype == np.float32


@pytest.mark.parametrize("whole", [torch.tensor([3, -1]), [torch.tensor(3), torch.tensor(-1)], (3, -1)])
def test_whole_numbers_stay_whole(whole):
    array = as_array(whole)
    assert (array.dtype, array.tolist()) == (np.int64, [3, -1])


def test_a_list_of_vectors_is_a_matrix():
    assert as_array([torch.tensor(row, requires_grad=True) for row in NUMBERS]).tolist() == NUMBERS


def test_a_plain_tensor_is_not_copied():
    tensor = torch.tensor(NUMBERS)
    assert np.shares_memory(as_array(tensor), tensor.numpy())


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (torch.zeros(2, 2, device="meta"), r"float32 on meta .*cannot be read: .*; give a dense tensor"),
        (torch.eye(2).to_sparse(), r"sparse_coo\) cannot be read: .*; give a dense tensor"),
    ],
)
def test_a_tensor_without_plain_numbers_is_one_line(tensor, words):
    with pytest.raises(ReseenError, match=words) as caught:
        as_array(tensor)
    assert "\n" not in str(caught.value)


def test_who_has_no_tensors_loads_no_torch():
    script = "import sys; from reseen.arrays import as_array; as_array([1.0]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_an_array_is_no_tensor_while_another_thread_is_loading_pytorch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    assert not is_tensor(np.zeros(3))
