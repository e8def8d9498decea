"""Commands search with all of few cores, unless the user wants another number."""

import os

import pytest

from reseen.cli.search_threads import LANCE_THREADS, compare_on_all_of_few_cores


@pytest.mark.parametrize(
    ("cores", "given", "expected"), [(2, None, "2"), (4, None, "4"), (2, "1", "1"), (16, None, None), (None, None, "1")]
)
def test_few_cores_compare_and_many_are_left_to_lance(
    cores: int | None, given: str | None, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setenv(LANCE_THREADS, given or "")
    if given is None:
        monkeypatch.delenv(LANCE_THREADS)
    compare_on_all_of_few_cores()
    assert os.environ.get(LANCE_THREADS) == expected
