"""Sheets and numbers of a run's pairs, and of its attention, from their folders to the files."""

import json
import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reseen.engine.run import open_run
from reseen.errors import ReseenError
from reseen.explain.explain_attention import explain_attention
from reseen.explain.explain_pairs import BATCH, explain_pairs
from reseen.explain.explain_run import explain_run
from reseen.explain.maps import attention_maps, contrast_maps, similarity_maps, summed
from reseen.explain.pairs import RankedPair
from reseen.explain.queries import QuerySelection, QuerySet
from reseen.explain.run_model import RunModel, load_run_model
from reseen.progress import Silent
from reseen.tasks.reid.recipe import recipe_of
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from stopping import Recorder

# By name, since the package's attributes of these names are the functions.
PAIRS, ATTENTION = (import_module(f"reseen.explain.{name}") for name in ("explain_run", "explain_attention"))


@pytest.fixture
def run(finished):
    return open_run(finished[0])


def test_an_explained_run_has_sheets_and_numbers(run, tmp_path):
    explained, files = explain_run(run, out=tmp_path / "why", queries=QuerySelection(count=3))
    assert [file.name for file in files] == ["pairs-01.png", "explain.json"]
    assert all(file.parent == tmp_path / "why" for file in files)
    said = json.loads(files[-1].read_text())
    assert (said["method"], said["run"]) == ("hires_cam", str(run.path))
    result = saved_evaluation(run)
    assert len(said["pairs"]) == len(explained) >= 3
    for pair in said["pairs"]:
        query, match = (
            side.vectors[[str(path) for path in split.paths].index(pair[name])]
            for name, side, split in (
                ("query", result.query, result.splits.query),
                ("match", result.gallery, result.splits.gallery),
            )
        )
        cosine = query @ match / np.linalg.norm(query) / np.linalg.norm(match)
        assert pair["similarity"] == pytest.approx(float(cosine), abs=1e-5)
        assert pair["same"] == (Path(pair["query"]).name[:4] == Path(pair["match"]).name[:4])
    with Image.open(files[0]) as sheet:
        assert min(sheet.size) > 200


@pytest.mark.parametrize("method", ["hires_cam", "decomposition"])
def test_maps_of_a_pair_are_those_of_similarity_maps(run, method):
    """Batches and their order change nothing; more pairs than a batch holds."""
    run_model, result = load_run_model(run), saved_evaluation(run)
    asked = QuerySet(result.splits.query, result.query)
    queries, entries = len(result.query), len(result.gallery)
    pairs = [
        RankedPair(
            asked,
            number % queries,
            number % entries,
            rank=1,
            similarity=0.0,
            kind="match",
            rival=(number + 1) % entries,
        )
        for number in range(BATCH + 2)
    ]
    found = explain_pairs(run_model, pairs, result.splits.gallery, method=method, progress=Silent())
    for number in (0, BATCH, BATCH + 1):
        query = run_model.inputs(result.splits.query, [pairs[number].row])
        match, rival = (
            run_model.inputs(result.splits.gallery, [e]) for e in (pairs[number].entry, pairs[number].rival)
        )
        alone = similarity_maps(run_model.model, query, match, method=method)
        assert found[number].pair is pairs[number]
        assert found[number].shares == pytest.approx(alone.shares[0].numpy(), abs=1e-5)
        for maps, expected in ((found[number].query, alone.query), (found[number].match, alone.match)):
            assert np.allclose(maps[0], summed(expected)[0], atol=1e-5)
            assert len(maps) == 1
        contrast = contrast_maps(run_model.model, query, match, other=rival, method=method)
        assert np.allclose(found[number].contrast, summed(contrast)[0], atol=1e-5)


def test_each_branch_has_a_map_beside_the_sum(run, branched):
    result, recipe = saved_evaluation(run), recipe_of(run)
    data = recipe.data.model_copy(update={"image_size": (64, 64)})
    run_model = RunModel(branched(), recipe.model_copy(update={"data": data}), load_run_model(run).fabric)
    asked = QuerySet(result.splits.query, result.query)
    pair = RankedPair(asked, 0, 1, rank=1, similarity=0.0, kind="match")
    (one,) = explain_pairs(run_model, [pair], result.splits.gallery, method="decomposition", progress=Silent())
    total, *branches = one.query
    assert len(branches) == len(one.shares) == 3
    assert [branch.sum() for branch in branches] == pytest.approx(one.shares.tolist(), abs=1e-5)
    assert total.sum() == pytest.approx(float(one.shares.sum()), abs=1e-4)


def test_a_run_is_explained_with_data_that_moved(run, tmp_path):
    moved = shutil.copytree(run.data()["path"], tmp_path / "moved")
    explained, _ = explain_run(run, out=tmp_path / "why", queries=QuerySelection(count=1), data=moved)
    assert explained[0].pair.queries.split.paths[0].is_relative_to(moved)


def test_the_attention_of_a_run_has_sheets_a_plot_and_ranges(attended, tmp_path):
    files = explain_attention(attended, out=tmp_path, queries=QuerySelection(count=2))
    assert [file.name for file in files] == ["attention-01.png", "channels.png", "attention.json"]
    said = json.loads(files[-1].read_text())
    assert said["pictures"] == 2
    assert [(one["place"], one["kind"]) for one in said["attention"]] == [("stage2", "RGA-S"), ("stage2", "RGA-C")]
    run_model, result = load_run_model(open_run(attended)), saved_evaluation(attended)
    ranked = np.argsort(-result.report.average_precisions, kind="stable")
    seen = attention_maps(run_model.model, run_model.inputs(result.splits.query, [int(ranked[0]), int(ranked[-1])]))
    gate = seen[0].maps["gate"]
    expected = [float(gate.min()), float(gate.mean()), float(gate.max())]
    assert said["attention"][0]["gate"] == pytest.approx(expected, abs=1e-5)
    assert torch.is_tensor(seen[1].channels)


def test_attention_to_a_position_has_sheets_of_its_own(attended, tmp_path):
    files = explain_attention(attended, out=tmp_path, queries=QuerySelection(count=1), position=(0.5, 0.5))
    spatial = json.loads(files[-1].read_text())["attention"][0]
    assert {"gate", "r(i, k)", "r(k, i)"} <= set(spatial)


def test_sheets_of_an_earlier_longer_call_are_removed_and_nothing_else(run, attended, tmp_path, monkeypatch):
    monkeypatch.setattr(PAIRS, "ROWS", 1)
    monkeypatch.setattr(ATTENTION, "IMAGES", 1)
    longer = [
        *explain_run(run, out=tmp_path, queries=QuerySelection(count=3)).files,
        *explain_attention(attended, out=tmp_path, queries=QuerySelection(count=3)),
    ]
    assert _names(tmp_path) == sorted(file.name for file in longer)
    others = ["pairs-7.png", "pairs-007.png", "pairs-00.png", "pairs-12.jpg", "pairs-12b.png", "my-pairs-12.png"]
    for name in others:
        (tmp_path / name).write_text("not ours")
    (tmp_path / "pairs-98.png").mkdir()
    (tmp_path / "pairs-99.png").symlink_to(tmp_path / "pairs-7.png")
    others += ["pairs-98.png", "pairs-99.png"]
    said = Recorder()
    found = explain_run(run, out=tmp_path, queries=QuerySelection(count=1), progress=said).files
    gone = {file.name for file in longer if file.name.startswith("pairs-")} - {file.name for file in found}
    assert said.lines == [f"{tmp_path}: removed {len(gone)} pairs-NN.png of an earlier, longer call"]
    assert gone
    assert _names(tmp_path) == sorted({*(file.name for file in longer), *others} - gone)
    explain_attention(attended, out=tmp_path, queries=QuerySelection(count=1))
    gone |= {"attention-02.png", "attention-03.png"}
    assert _names(tmp_path) == sorted({*(file.name for file in longer), *others} - gone)
    assert "attention-01.png" in _names(tmp_path)


def test_earlier_sheets_stay_until_the_new_ones_are_written(run, tmp_path, monkeypatch):
    monkeypatch.setattr(PAIRS, "ROWS", 1)
    explain_run(run, out=tmp_path, queries=QuerySelection(count=3))
    before = _names(tmp_path)

    def full(*_: object) -> None:
        raise ReseenError("disk full")

    for write in ("write_png", "write_json"):
        with monkeypatch.context() as broken:
            broken.setattr(PAIRS, write, full)
            with pytest.raises(ReseenError, match="disk full"):
                explain_run(run, out=tmp_path, queries=QuerySelection(count=1))
        assert _names(tmp_path) == before


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nothing_is_written_when_a_call_is_refused(run, tmp_path):
    for refuse, message in (
        (lambda out: explain_run(run, out=out, stage="stage9"), "no stage 'stage9'.*known: last, stage1"),
        (lambda out: explain_run(run, out=out, method="grad-cam"), "no method 'grad-cam'; did you mean 'grad_cam'"),
        (lambda out: explain_run(run, out=out, queries=QuerySelection(["nobody.jpg"])), "no image 'nobody.jpg'"),
        (lambda out: explain_attention(run, out=out), "the model has no attention to draw"),
    ):
        with pytest.raises(ReseenError, match=message):
            refuse(tmp_path / "out")
        assert not (tmp_path / "out").exists()
