"""The README tells the truth: its blocks run, in a folder that has the data they speak of."""

import re
import subprocess
import sys
from pathlib import Path

import polars
import pytest

pytestmark = pytest.mark.long

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```", README.read_text(), flags=re.MULTILINE | re.DOTALL)

COMMANDS = """
import shlex, sys

from reseen.cli import main

if __name__ == "__main__":
    for line in sys.argv[1:]:
        sys.argv = shlex.split(line, comments=True)
        try:
            main()
        except SystemExit as ended:
            if ended.code:
                sys.exit(f"{line}: exit {ended.code}")
"""
"""Runs the command lines it is given one after the other, in one process: importing torch takes seconds each time."""


@pytest.fixture
def folder(tmp_path: Path, picture) -> Path:
    """Twenty individuals before two cameras, as the README's own-data table lists them."""
    rows = []
    (tmp_path / "pictures").mkdir()
    for identity in range(20):
        for shot in range(4):
            name = f"pictures/{identity}-{shot}.jpg"
            picture(identity, shot, size=64).save(tmp_path / name)
            rows.append({"path": name, "identity": f"individual {identity}", "camera": f"gate {shot % 2}"})
    polars.DataFrame(rows).write_csv(tmp_path / "my.csv")
    return tmp_path


def test_there_are_blocks():
    assert {kind for kind, _ in BLOCKS} == {"bash", "python"}


@pytest.mark.parametrize(("kind", "block"), BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_runs(folder, kind, block):
    lines = [line for line in block.splitlines() if line.startswith("reseen ")]
    (folder / "script.py").write_text(block if kind == "python" else COMMANDS)
    command = [sys.executable, "script.py", *(lines if kind == "bash" else [])]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
