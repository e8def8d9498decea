"""`reseen datasets` and `reseen unpack` from outside: what they print and how they exit."""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from reseen.data.datasets import LAYOUTS

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("command", ["datasets", "unpack"])
def test_help_teaches_by_example(reseen: Run, command: str) -> None:
    code, out, _ = reseen(command, "--help")
    assert code == 0
    assert f"reseen {command}" in out.split("Example")[1]


def test_every_layout_is_listed_with_counts_and_terms(reseen: Run) -> None:
    code, out, err = reseen("datasets")
    assert (code, err) == (0, "")
    assert all(name in out for name in LAYOUTS)
    assert "32,621 of 1,041" in out
    assert "DukeMTMC-reID (person): withdrawn by its authors" in out
    assert max(map(len, out.splitlines()[:20])) <= 120


def test_one_data_set_is_told_in_full(reseen: Run) -> None:
    code, out, _ = reseen("datasets", "msmt17")
    assert code == 0
    assert "protocol: msmt17" in out
    assert "holds: train 32,621 of 1,041, query 11,659 of 3,060, gallery 82,161 of 3,060" in out
    assert "veri776" not in out


def test_json_holds_everything(reseen: Run) -> None:
    code, out, _ = reseen("datasets", "veriwild", "--json")
    assert code == 0
    assert [entry["layout"] for entry in json.loads(out)] == ["veriwild_small", "veriwild_medium", "veriwild_large"]
    assert json.loads(out)[0]["published"][0]["query"] == {"pictures": 3000, "identities": 3000}


def test_an_unknown_data_set_is_one_line_and_exit_2(reseen: Run) -> None:
    code, out, err = reseen("datasets", "nosuch")
    assert (code, out) == (2, "")
    assert err.startswith("reseen: no data set 'nosuch'")


def test_unpack_says_what_it_wrote(reseen: Run, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "cuhk-03.mat", "w") as file:
        image = file.create_dataset("p", data=np.zeros((3, 4, 9), dtype=np.uint8))
        cell = file.create_dataset("c", data=np.full((10, 1), image.ref, dtype=h5py.ref_dtype), dtype=h5py.ref_dtype)
        for kind in ("labeled", "detected"):
            file.create_dataset(kind, data=np.array([[cell.ref]], dtype=h5py.ref_dtype), dtype=h5py.ref_dtype)
    code, out, _ = reseen("unpack", tmp_path, "--quiet")
    assert code == 0
    assert f"{tmp_path}/images_labeled: 10 images written" in out
    assert len(list((tmp_path / "images_detected").iterdir())) == 10
    assert "was there already, nothing written" in reseen("unpack", tmp_path, "--quiet")[1]
    (tmp_path / "empty").mkdir()
    code, _, err = reseen("unpack", tmp_path / "empty", "--quiet")
    assert (code, err.count("\n")) == (2, 1)
