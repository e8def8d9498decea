"""`python benchmarks/gpu`: what it refuses, what a part that fails leaves, and how the time is shared out."""

from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest
import torch

from gpu import command, machine
from gpu.child import run_cells
from gpu.command import chosen, main, shares, waited_for
from gpu.part import PARTS, Cell, Part
from gpu.results import Results, kinds

SOON = 1e9


def cell(name, *values, seconds=0.0):
    return Cell(name, seconds, lambda: iter([{"row": f"{name} {value}", "value": value} for value in values]))


def failing(name, error):
    def measure():
        yield {"row": f"{name} before", "value": 1}
        raise error

    return Cell(name, 0.0, measure)


def rows_of(results):
    return {row["row"]: row for row in results.rows("attention")}


def test_out_of_memory_becomes_a_row_and_the_next_cell_is_measured(tmp_path):
    results = Results(tmp_path)
    cells = [failing("large", torch.OutOfMemoryError("CUDA out of memory")), cell("small", 2)]
    run_cells(cells, part="attention", results=results, deadline=SOON)
    rows = rows_of(Results(tmp_path))
    assert rows["large"]["failed"] == "out of memory"
    assert rows["large before"]["value"] == 1
    assert rows["small 2"]["value"] == 2


def test_a_cell_that_fails_is_told_in_one_line(tmp_path):
    results = Results(tmp_path)
    run_cells([failing("odd", ValueError("a | b\nc"))], part="attention", results=results, deadline=SOON)
    assert rows_of(results)["odd"]["failed"] == "ValueError: a / b c"


def test_every_row_is_on_disk_before_the_next_is_measured(tmp_path):
    seen = []

    def measure():
        for number in range(3):
            seen.append(len(Results(tmp_path).rows("attention")))
            yield {"row": f"row {number}"}

    run_cells([Cell("one", 0.0, measure)], part="attention", results=Results(tmp_path), deadline=SOON)
    assert seen == [0, 1, 2]
    assert (tmp_path / "results.md").read_text().count("| row 2 |") == 1


def test_what_is_done_is_left_out_and_what_was_under_way_is_measured_again(tmp_path):
    class Killed(BaseException):
        pass

    results = Results(tmp_path)
    with pytest.raises(Killed):
        run_cells([cell("a", 1), failing("b", Killed())], part="attention", results=results, deadline=SOON)
    again = Results(tmp_path)
    assert again.under_way("attention") == "b"
    never = Cell("a", 0.0, lambda: pytest.fail("measured twice"))
    run_cells([never, cell("b", 2), cell("c", 3)], part="attention", results=again, deadline=SOON)
    assert Results(tmp_path).done("attention") == {"a", "b", "c"}


def test_a_cell_that_would_end_too_late_is_left_for_another_call(tmp_path):
    results = Results(tmp_path)
    cells = [cell("long", 1, seconds=60), cell("short", 2, seconds=1)]
    run_cells(cells, part="attention", results=results, deadline=monotonic() + 30)
    assert results.done("attention") == {"short"}


def test_a_failure_that_is_made_good_leaves_no_row(tmp_path):
    results = Results(tmp_path)
    results.add("attention", "b", {"row": "b", "failed": "its time was over"})
    run_cells([cell("b", 2)], part="attention", results=results, deadline=SOON)
    assert list(rows_of(results)) == ["b 2"]


def test_rows_without_a_common_column_stand_in_tables_of_their_own():
    rows = [{"row": "a", "x": 1}, {"row": "b", "y": 2}, {"row": "c", "x": 3, "z": 1}, {"row": "d", "failed": "why"}]
    assert [[row["row"] for row in kind] for kind in kinds(rows)] == [["a", "c"], ["b", "d"]]


@pytest.fixture
def a_card(monkeypatch):
    monkeypatch.setattr(command, "card", lambda: "NVIDIA H100 80GB HBM3")
    monkeypatch.setattr(machine, "card", lambda: "NVIDIA H100 80GB HBM3")
    monkeypatch.setattr(machine, "commit", lambda: "1a2b3c")


def refused(capsys, *arguments):
    assert main([*map(str, arguments)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def test_without_a_gpu_the_command_says_so_and_offers_the_smoke_test(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    line = refused(capsys, "--out", tmp_path / "out")
    assert "no GPU" in line
    assert "--smoke" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("a_card")
def test_a_budget_too_small_for_any_part_is_one_line(tmp_path, capsys):
    assert "--minutes 0.1: too little for any part" in refused(capsys, "--out", tmp_path, "--minutes", 0.1)


@pytest.mark.usefixtures("a_card")
def test_another_card_or_commit_has_a_folder_of_its_own(monkeypatch):
    names = {machine.folder_name(smoke=False), machine.folder_name(smoke=True)}
    assert "nvidia-h100-80gb-hbm3-1a2b3c" in names
    monkeypatch.setattr(machine, "card", lambda: "NVIDIA H200")
    names.add(machine.folder_name(smoke=False))
    monkeypatch.setattr(machine, "commit", lambda: "9f8e7d")
    names.add(machine.folder_name(smoke=False))
    assert len(names) == 4


@pytest.mark.usefixtures("a_card")
def test_results_that_are_there_are_not_overwritten(tmp_path, capsys):
    folder = tmp_path / machine.folder_name(smoke=False)
    folder.mkdir()
    Results(folder).begin({"card": "a"}, command="before")
    assert "--resume goes on with them" in refused(capsys, "--out", tmp_path)


def test_an_unknown_part_names_the_known_ones(tmp_path, capsys):
    assert "expected some of attention,training," in refused(capsys, "--out", tmp_path, "--parts", "speed")


def test_missing_packages_are_named_and_the_parts_that_can_run_do(tmp_path, capsys, monkeypatch):
    found = machine.find_spec
    monkeypatch.setattr(machine, "find_spec", lambda name: None if name in {"panda3d", "polars"} else found(name))
    able = command.able(PARTS)
    assert [part.name for part in able] == ["attention"]
    assert "training: left out, for there is no polars, panda3d" in capsys.readouterr().out
    monkeypatch.setattr(machine, "find_spec", lambda name: None if name == "timm" else found(name))
    assert main(["--out", str(tmp_path)]) == 2
    assert "no part can run: install timm" in capsys.readouterr().err


def test_parts_come_in_their_order_of_value_whatever_order_they_are_asked_in():
    assert [part.name for part in chosen("tasks,attention")] == ["attention", "tasks"]


def test_each_part_has_its_share_and_what_is_left_goes_to_those_not_through(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(command, "monotonic", lambda: now[0])
    parts = [Part(name, name, name, (), 100.0) for name in ("a", "b", "c")]
    results = Results(tmp_path)
    given = []
    for some, seconds in shares(parts, tmp_path, deadline=250.0, together=False):
        given.append((some[0].name, seconds))
        now[0] += 40 if some[0].name == "b" else seconds
        if some[0].name == "b":
            results.complete("b")
    assert given == [("a", 100.0), ("b", 100.0), ("c", 100.0)]
    now[0], given = 0.0, []
    for some, seconds in shares(parts, tmp_path, deadline=400.0, together=False):
        given.append((some[0].name, seconds))
        now[0] += 50
    assert given == [("a", 100.0), ("b", 100.0), ("c", 100.0), ("a", 250.0), ("c", 200.0)]


def has_ended(number: int, *, within: float) -> bool:
    """Whether the process is gone, or a zombie that nobody has collected; a kill takes its moment."""
    until = monotonic() + within
    while monotonic() < until:
        try:
            if psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        sleep(0.05)
    return False


def test_a_part_whose_time_is_over_is_ended_with_all_that_it_started(tmp_path):
    told = tmp_path / "told"
    assert waited_for(["sh", "-c", f"sleep 60 & echo $! > {told}; sleep 60"], seconds=1) is None
    number = int(told.read_text())
    assert has_ended(number, within=10)
    assert waited_for(["sh", "-c", "exit 3"], seconds=10) == 3


def test_what_a_process_dies_of_becomes_a_row(tmp_path, monkeypatch):
    """The process is replaced by one that begins a cell and dies; begun again, it has nothing under way."""
    results = Results(tmp_path)
    results.start("attention", "cell")
    codes = iter([-11, 0])
    monkeypatch.setattr(command, "waited_for", lambda *_, **__: next(codes))
    options = command.parsed(["--out", str(tmp_path)])
    part = next(part for part in PARTS if part.name == "attention")
    command.in_own_process([part], options, folder=tmp_path, scratch=Path("unused"), seconds=100)
    after = Results(tmp_path)
    assert rows_of(after)["cell"]["failed"] == "its process ended with exit code -11"
    assert after.done("attention") == {"cell"}
