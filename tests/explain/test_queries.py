"""Which images a name means: a query, another image of the data, a file, or nothing."""

import shutil

import pytest

from reseen.engine.run import open_run
from reseen.errors import ReseenError
from reseen.explain.queries import UNKNOWN_IDENTITY, QuerySelection, select_queries
from reseen.explain.run_model import load_run_model
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from stopping import Recorder


@pytest.fixture
def ask(finished):
    run = open_run(finished[0])
    result, run_model = saved_evaluation(run), load_run_model(run)

    def make(**wanted):
        recorder = Recorder()
        queries = select_queries(result, QuerySelection(**wanted), run_model=run_model, progress=recorder)
        return queries, recorder.lines, result

    return make


def test_without_names_queries_are_picked_from_best_to_worst(ask):
    (asked,), lines, result = ask(count=2)
    precisions = result.report.average_precisions
    rows = [result.splits.query.paths.index(path) for path in asked.split.paths]
    assert precisions[rows].tolist() == [precisions.max(), precisions.min()]
    assert lines == []


def test_a_query_is_named_with_or_without_suffix(ask):
    paths = ask()[2].splits.query.paths
    for name in (paths[1].name, paths[1].stem, str(paths[1])):
        (asked,), lines, result = ask(names=[name])
        assert asked.split.paths == [paths[1]]
        assert (asked.embedded.vectors == result.query.vectors[1]).all()
        assert lines == []


def test_images_that_are_no_queries_are_embedded_now_and_reported(ask, image, tmp_path):
    mine = tmp_path / "mine.png"
    image(7, 0).save(mine)
    _, _, result = ask()
    trained, query = result.splits.train.paths[3], result.splits.query.paths[0]
    (known, others), lines, _ = ask(names=[str(mine), query.name, trained.name])
    assert known.split.paths == [query]
    assert others.split.paths == [mine, trained]
    assert others.split.identities.tolist() == [UNKNOWN_IDENTITY, str(result.splits.train.identities[3])]
    assert others.split.cameras.tolist() == ["", str(result.splits.train.cameras[3])]
    assert lines == [f"not among the run's queries, embedded now: {mine}, {trained}"]


def test_a_copy_embedded_now_has_the_saved_vector(ask, tmp_path):
    _, _, result = ask()
    copy = shutil.copy(result.splits.query.paths[2], tmp_path / "copy.jpg")
    (asked,), _, _ = ask(names=[copy])
    assert asked.embedded.vectors[0] == pytest.approx(result.query.vectors[2], abs=1e-5)


def test_unknown_names_and_broken_images_are_refused(ask, tmp_path):
    with pytest.raises(
        ReseenError, match=r"no image '0007_c9' in .* names of queries look like 0007_c1s1_000000_01\.jpg"
    ):
        ask(names=["0007_c9"])
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    with pytest.raises(ReseenError, match=r"broken\.jpg"):
        ask(names=[str(broken)])


def test_without_failures_the_worst_are_refused(ask):
    _, _, result = ask()
    if (result.report.average_precisions == 1).all():
        with pytest.raises(ReseenError, match="every query is ranked perfectly"):
            ask(worst=True)
    else:
        (asked,), _, _ = ask(worst=True, count=1)
        row = result.splits.query.paths.index(asked.split.paths[0])
        assert result.report.average_precisions[row] == result.report.average_precisions.min()
