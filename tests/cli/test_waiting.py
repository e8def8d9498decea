"""The command line's threads do not spin for long beside other processes, unless the user wants them to."""

import os
import subprocess
import sys

import pytest

from reseen.cli.waiting import SPINS, spin_briefly


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, dict(SPINS)),
        ({"GOMP_SPINCOUNT": "7"}, {"GOMP_SPINCOUNT": "7"}),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "ACTIVE"}),
    ],
)
def test_threads_spin_briefly_unless_the_user_says_how_they_wait(
    given: dict[str, str], expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    spin_briefly()
    assert {name: os.environ[name] for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY") if name in os.environ} == expected


def test_the_command_line_says_how_to_wait_before_pytorch_is_loaded() -> None:
    code = "import sys, reseen.cli; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
