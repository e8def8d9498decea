"""Checkpoints of other projects as networks, without a command between."""

import pytest
import torch

from reseen.deploy.loading import load_network
from reseen.errors import ReseenError


@pytest.mark.parametrize("name", ["cats.pth", "cats.pth.tar", "cats.pt", "cats.pkl", "cats.bin"])
def test_tensors_of_no_release_are_refused_with_the_command_that_lists_them(tmp_path, name):
    torch.save({"state_dict": {"cats.weight": torch.zeros(3)}}, tmp_path / name)
    with pytest.raises(ReseenError, match=r"cats.*: its tensors belong to no release .*import-weights --list"):
        load_network(tmp_path / name)


def test_a_file_that_would_run_code_is_not_run(tmp_path):
    torch.save({"model": torch.nn.Linear(2, 2)}, tmp_path / "whole.pth")
    with pytest.raises(ReseenError, match="could run code; nothing was run"):
        load_network(tmp_path / "whole.pth")
