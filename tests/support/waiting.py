"""Waiting for what the service does on its own time."""

from collections.abc import Callable
from time import sleep

import pytest


def until(true: Callable[[], bool]) -> None:
    """Return as soon as it is true; fail after ten seconds."""
    for _ in range(500):
        if true():
            return
        sleep(0.02)
    pytest.fail("it never came true")
