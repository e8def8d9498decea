"""The benchmark of backbones: every kind of work is timed, and scores are those of a run's row "untrained"."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import backbones
from reseen.tasks.reid.evaluate import evaluate_baselines
from reseen.tasks.reid.train import train

LITE, SMALL = "tf_efficientnet_lite0", "test_resnet"


def test_networks_take_turns_and_the_first_one_costs_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ["--networks", SMALL, LITE, "--rounds", "1", "--threads", "1", "--cost-sizes", "32"]
    backbones.main([*chosen, "--json", str(tmp_path / "found.json")])
    found = json.loads((tmp_path / "found.json").read_text())
    assert set(found["costs"]) == {"embed 64, 32 px", "embed 1, 32 px", "train 32, 32 px"}
    for row in found["costs"].values():
        assert row[SMALL][1] == 1
        assert row[LITE][0] > 0
    assert found["networks"][LITE]["parameters"] == pytest.approx(3.37, abs=0.01)
    assert f"| {LITE} | 3.4 M | 1280 | 0.41 |" in capsys.readouterr().out


def test_scores_are_those_of_a_runs_untrained_row(
    tmp_path: Path, market: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    data, small = market(), ["data.image_size=[32, 32]", "data.workers=0", "sampler.identities=2"]
    trained = train("demo", data=data, out=tmp_path / "run", overrides=[*small, "training.epochs=1"])
    expected = evaluate_baselines(trained.run)["untrained"].scores()
    given = ["--networks", LITE, "--rounds", "0", "--threads", "1", "--score-sizes", "32", "--data", str(data)]
    backbones.main([*given, "--json", str(tmp_path / "found.json")])
    found = json.loads((tmp_path / "found.json").read_text())["scores"]
    assert found == {"market": {LITE: {"32": [expected["mAP"], expected["rank1"]]}}}
    assert "| market: mAP / rank-1 | 32 px |" in capsys.readouterr().out
