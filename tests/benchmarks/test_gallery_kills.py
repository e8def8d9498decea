"""The benchmark that kills a gallery's process: a few kills in the gate, and what it would say of a loss."""

from pathlib import Path

import pytest

import gallery_kills
from gallery_kills import BATCH, MODEL, State, check, record
from reseen.retrieval import indexes, merging
from reseen.retrieval.gallery import Gallery


@pytest.fixture(autouse=True)
def sizes_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("APPROXIMATE_PAYS", "INDEX_PAYS", "UNINDEXED"):
        monkeypatch.setattr(indexes, name, getattr(indexes, name))
    monkeypatch.setattr(merging, "FILE_ROWS", merging.FILE_ROWS)


@pytest.mark.long
def test_kills_while_adding_building_compacting_and_forgetting_lose_nothing_and_bring_nothing_back(tmp_path: Path):
    found = gallery_kills.killed_again_and_again(tmp_path / "gallery", kills=6, longest=0.4, seed=1)
    assert found.moments.total() == 6
    assert found.added >= BATCH


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        (State({*range(31)}, set(), set()), "lost"),
        (State({*range(30)}, set(), {7}), "came back"),
        (State({*range(30)}, set(), {7}), "bytes left"),
    ],
)
def test_a_lost_record_and_one_that_came_back_are_errors(tmp_path: Path, told: State, fault: str):
    Gallery(tmp_path / "gallery", model=MODEL, create=True).add([record(row) for row in range(30)])
    check(tmp_path / "gallery", State({*range(30)}, set(), set()), at="first")
    with pytest.raises(SystemExit, match=rf"kill 3: .*{fault}"):
        check(tmp_path / "gallery", told, at="kill 3")


def test_what_a_killed_process_said_is_read_as_safe_begun_or_done():
    lines = [("begin", "forget", [1, 2]), ("begin", "add", [50]), ("end", "forget", [1, 2]), ("begin", "forget", [3])]
    assert gallery_kills.told(lines, State({1, 2, 3}, set(), set())) == State({1, 2, 3}, {3}, {1, 2})
    assert gallery_kills.going_on(lines) == "add and forget"
    assert gallery_kills.going_on([*lines, ("end", "add", [50]), ("end", "forget", [3])]) == "nothing"
