"""A program of torch.export is written without pickles, and one that holds any never gets as far as torch."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from reseen.deploy.loading import load_network
from reseen.deploy.program_file import read_program, write_program
from reseen.errors import ReseenError

WEIGHTS, CONSTANTS = (f"data/{kind}/model_{kind}_config.json" for kind in ("weights", "constants"))


class Scaled(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor([2.0, 3.0]))
        self.register_buffer("shift", torch.ones(2), persistent=False)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        return numbers * self.scale + self.shift


@pytest.fixture
def written(tmp_path: Path) -> Path:
    program = torch.export.export(Scaled(), (torch.zeros(2),))
    write_program(program, '{"said": 1}', tmp_path / "net.pt2")
    assert program.example_inputs is not None, "the caller's program is left as it is"
    return tmp_path / "net.pt2"


class Touch:
    """A pickle that makes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def pickled(path: Path) -> bytes:
    kept = io.BytesIO()
    torch.save((Touch(path),), kept)
    return kept.getvalue()


def test_a_written_program_holds_no_pickle_and_is_read_back(written: Path) -> None:
    with zipfile.ZipFile(written) as archive:
        contents = {info.filename.partition("/")[2]: archive.read(info) for info in archive.infolist()}
    assert contents["data/sample_inputs/model.pt"] == b""
    assert not [name for name, content in contents.items() if b"data.pkl" in content or content[:1] == b"\x80"]
    program, facts = read_program(written)
    assert facts == '{"said": 1}'
    assert program.module()(torch.tensor([1.0, 2.0])).tolist() == [3.0, 7.0]


def with_pickled_weight(content: bytes) -> bytes:
    config = json.loads(content)
    for entry in config["config"].values():
        entry["use_pickle"] = True
    return json.dumps(config).encode()


def as_object(content: bytes) -> bytes:
    config = json.loads(content)
    for entry in config["config"].values():
        entry["path_name"] = "opaque_obj_0"
    return json.dumps(config).encode()


@pytest.mark.parametrize(
    ("entry", "spoil"),
    [
        ("data/sample_inputs/model.pt", None),
        ("data/weights/weight_0", None),
        ("data/constants/opaque_obj_0", None),
        ("data/constants/model.pt", None),
        ("data/aotinductor/model/net.so", None),
        (WEIGHTS, with_pickled_weight),
        (CONSTANTS, with_pickled_weight),
        (CONSTANTS, as_object),
    ],
)
def test_a_program_with_a_pickle_is_refused_before_torch_reads_it(
    written: Path, tmp_path: Path, entry: str, spoil: Callable[[bytes], bytes] | None
) -> None:
    with zipfile.ZipFile(written) as archive:
        contents = {info.filename: archive.read(info) for info in archive.infolist()}
    evil = spoil(contents[f"net/{entry}"]) if spoil else pickled(tmp_path / "ran")
    with zipfile.ZipFile(tmp_path / "evil.pt2", "w") as archive:
        for name, content in {**contents, f"net/{entry}": evil}.items():
            archive.writestr(name, content)
    with pytest.raises(ReseenError, match=r"evil.pt2: ") as raised:
        load_network(tmp_path / "evil.pt2")
    assert "\n" not in str(raised.value)
    assert "could run code" in str(raised.value) or entry == "data/weights/weight_0"  # which is read as numbers
    assert not (tmp_path / "ran").exists()


def test_a_program_with_an_entry_twice_is_refused(written: Path) -> None:
    with zipfile.ZipFile(written, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("net/models/model.json", b"{}")
    with pytest.raises(ReseenError, match=r"its entry 'net/models/model.json' could run code"):
        read_program(written)


def test_a_program_with_a_compressed_entry_is_refused(written: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.pt2", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data/weights/weight_0", bytes(10**6))
    with pytest.raises(ReseenError, match=r"its entry 'net/data/weights/weight_0' could run code"):
        read_program(tmp_path / "bomb.pt2")
