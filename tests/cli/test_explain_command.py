"""`reseen explain` from outside: sheets, attention, scores, and what it refuses."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished[0], tmp_path / "run")


@pytest.fixture
def data(run):
    return Path(json.loads((run / "data.json").read_text())["path"])


def test_help_teaches_by_example(reseen):
    code, out, _ = reseen("explain", "--help")
    assert code == 0
    assert "reseen explain" in out.split("Example")[1]


def test_sheets_in_the_run_unless_another_place_is_named(reseen, run, tmp_path):
    code, out, err = reseen("explain", run, "--pairs", 2, "--quiet")
    assert (code, out.split(), err) == (
        0,
        [str(run / "explain" / name) for name in ("pairs-01.png", "explain.json")],
        "",
    )
    assert reseen("explain", run, "--pairs", 1, "--out", tmp_path / "why", "--method", "occlusion", "--quiet")[0] == 0
    assert json.loads((tmp_path / "why" / "explain.json").read_text())["method"] == "occlusion"


def test_a_image_of_ones_own_is_embedded_now_and_said_so(reseen, run, image, tmp_path):
    mine = tmp_path / "mine.png"
    image(8, 5).save(mine)
    code, _, err = reseen("explain", run, "--query", mine, "--top", 2, "--out", tmp_path / "why")
    assert code == 0
    assert f"not among the run's queries, embedded now: {mine}" in err
    pairs = json.loads((tmp_path / "why" / "explain.json").read_text())["pairs"]
    assert [(pair["rank"], pair["same"]) for pair in pairs] == [(1, None), (2, None)]


def test_scores_of_explanations_are_printed_as_a_table(reseen, run, data, tmp_path):
    masked = shutil.copytree(data, tmp_path / "masked")
    for file in masked.glob("*/*.jpg"):
        mask = masked / "masks" / file.parent.name / f"{file.stem}.png"
        mask.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.eye(32, dtype=bool)).save(mask)
    words = ("--score", masked, "--pairs", 3, "--method", "decomposition", "--out", tmp_path / "out", "--quiet")
    code, out, _ = reseen("explain", run, *words)
    assert code == 0
    assert "centre prior" in out
    assert out.split()[-2:] == [str(tmp_path / "out" / f"explanations.{kind}") for kind in ("md", "json")]


def test_what_cannot_be_explained_is_one_line(reseen, run, data, tmp_path):
    for words, message in (
        (
            ("--stage", "stage12"),
            "hires_cam: no stage 'stage12'; did you mean 'stage2'? known: last, stage1, stage2, stage3, stage4",
        ),
        (("--method", "occlusion", "--stage", "stage2"), "occlusion: no stage 'stage2'; known: picture"),
        (("--method", "saliency"), "no method 'saliency'"),
        (("--method", "attention"), "the model has no attention to draw"),
        (("--method", "attention", "--stage", "stage2"), "leave --stage out"),
        (("--at", 0.5, 0.5), "expected --method attention, got hires_cam"),
        (("--query", "nobody.jpg"), "no image 'nobody.jpg'"),
        (("--data", tmp_path / "nowhere"), "nowhere"),
        (("--score", data), "no masks, which --score needs"),
        (("--score", data, "--worst"), "expected only --pairs or --method beside it"),
    ):
        code, out, err = reseen("explain", run, *words, "--out", tmp_path / "out", "--quiet")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert message in err
        assert not (tmp_path / "out").exists()
    code, _, err = reseen("explain", tmp_path, "--quiet")
    assert (code, err.count("\n")) == (2, 1)
    assert "not a run" in err
