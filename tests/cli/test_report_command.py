"""`reseen report` from outside: one run again, two beside each other, and what it refuses."""

import shutil

import pytest


@pytest.fixture
def runs(finished, tmp_path):
    return [shutil.copytree(run, tmp_path / run.name) for run in finished]


def test_help_teaches_by_example(reseen):
    code, out, _ = reseen("report", "--help")
    assert code == 0
    assert "reseen report" in out.split("Example")[1]


def test_the_report_of_a_run_is_written_again(reseen, runs):
    code, out, err = reseen("report", runs[0], "--quiet")
    page = runs[0] / "report.html"
    assert (code, out.strip(), err) == (0, f"report: {page}", "")
    assert page.read_text().count("data:image/") == len(list((runs[0] / "pictures").iterdir())) >= 6


def test_two_runs_beside_each_other(reseen, runs, tmp_path):
    code, out, _ = reseen("report", *runs, "--out", tmp_path / "page.html", "--quiet")
    assert (code, out.strip()) == (0, f"report: {tmp_path / 'page.html'}")
    assert "seed-3 and seed-4" in (tmp_path / "page.html").read_text()


def test_a_report_of_data_that_moved_says_how_to_go_on(reseen, runs, market, tmp_path):
    facts = runs[0] / "data.json"
    facts.write_text(facts.read_text().replace('"path": "', '"path": "/gone'))
    code, _, err = reseen("report", runs[0], "--quiet")
    assert (code, err.count("\n")) == (2, 1)
    assert "if the data have moved, say where with --data" in err
    assert reseen("report", runs[0], "--data", market(), "--quiet")[0] == 0


def test_what_cannot_be_reported_is_one_line(reseen, runs, tmp_path):
    for words, message in (
        ((tmp_path / "nowhere",), "no such run"),
        ((*runs, runs[0]), "expected one run or two, got 3"),
        ((runs[0], runs[0]), "expected two different runs"),
        ((runs[0], "--out", tmp_path / "no" / "page.html"), "could not be written"),
    ):
        code, out, err = reseen("report", *words, "--quiet")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert message in err
