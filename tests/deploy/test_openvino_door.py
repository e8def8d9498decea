"""OpenVINO does its work and reports to nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reseen.deploy.openvino_door import import_openvino
from reseen.errors import ReseenError

PROGRAM = """
import os
forks = []
os.register_at_fork(before=lambda: forks.append(1))
from reseen.deploy.openvino_door import import_openvino
print(import_openvino().get_version() != "", len(forks))
"""


def test_openvino_neither_forks_this_process_nor_gives_its_user_a_number(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("CI", None)
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True 0\n"
    assert list(tmp_path.iterdir()) == []


def test_without_openvino_the_line_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ReseenError, match=r"need openvino: pip install 'reseen\[openvino\]'"):
        import_openvino()
