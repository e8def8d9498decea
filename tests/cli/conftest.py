"""Shared by the commands' tests: one command in this process."""

import sys
from collections.abc import Callable

import pytest

from reseen.cli import main


@pytest.fixture
def reseen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run one command: its exit code, what it printed, what it complained."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["reseen", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "120")
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return run
