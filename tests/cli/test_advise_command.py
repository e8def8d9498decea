"""`reseen advise` prints the advice, and writes it as JSON."""

import json

import pytest

from reseen.tasks.reid.advise import measuring
from reseen.tasks.reid.automatic.speed import Speed

TINY = """
[data]
image_size = "auto"
workers = 0

[model]
backbone = "test_resnet.r160_in1k"

[sampler]
identities = "auto"
images = "auto"

[losses]
cross_entropy = {}

[optimizer]
name = "adamw"
learning_rate = 1e-3

[training]
epochs = "auto"
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "measure_speed", lambda *_, **__: Speed(0.001, 0.0005))
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


def test_it_prints_the_set_the_findings_the_settings_and_last_the_command(reseen, market, tiny, tmp_path):
    data = market("my set", train=15)
    code, out, errors = reseen("advise", data, "--recipe", tiny, "--json", tmp_path / "advice.json", "--quiet")
    assert (code, errors) == (0, "")
    told = json.loads((tmp_path / "advice.json").read_text())
    assert told["recommendation"]["command"] == out.splitlines()[-1]
    assert f"--data '{data}'" in out.splitlines()[-1]
    assert "small-images: " in out
    assert "validation: 3 of 15 training identities" in out
    assert "untrained network: mAP " in out
    assert "data.image_size" in out
    assert "4..4..4" in out


def test_what_cannot_be_trained_is_printed_with_the_reason(reseen, market, tiny):
    code, out, _ = reseen("advise", market(train=1), "--recipe", tiny, "--device", "cpu", "--quiet")
    assert code == 0
    assert (
        out.splitlines()[-1]
        == "nothing to train: expected at least 2 training identities, got 1: give images of others"
    )


def test_errors_are_one_line(reseen, market, tiny, tmp_path):
    for words, line in (
        ((tmp_path / "absent",), "no such folder or file"),
        ((market(), "--minutes", "0.01"), "are too few"),
        ((market(), "--minutes", "0"), "expected a number above 0"),
        ((market(), "--json", tmp_path / "no" / "advice.json"), "no folder"),
    ):
        code, out, errors = reseen("advise", *words, "--recipe", tiny, "--quiet")
        assert (code, out) == (2, "")
        assert line in errors
        assert errors.count("\n") == 1
