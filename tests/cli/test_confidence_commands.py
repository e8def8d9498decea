"""`reseen compare` and `reseen calibrate` from outside: what they print and how they exit."""

import json

import pytest

from kept_runs import keep_run


@pytest.mark.parametrize("command", ["compare", "calibrate"])
def test_help_teaches_by_example(reseen, command):
    code, out, _ = reseen(command, "--help")
    assert code == 0
    assert f"reseen {command}" in out.split("Example")[1]


def test_two_runs_are_compared_and_one_calibrated(reseen, recipe_file, tmp_path):
    runs, file = (tmp_path / "one", tmp_path / "two"), tmp_path / "comparison.json"
    for run, noise in zip(runs, (1.2, 0.9), strict=True):
        keep_run(run, recipe_file, noise=noise)
    code, out, err = reseen("compare", *runs, "--json", file)
    assert (code, err) == (0, "")
    written = json.loads(file.read_text())
    assert written["runs"] == [str(run) for run in runs]
    assert out.endswith("more than chance.\n" if written["more_than_chance"] else "no more than chance may give.\n")
    assert f"{written['scores']['mAP']['difference']['value'] * 100:+.1f}" in out
    assert "24 queries of 12 identities" in out

    code, out, err = reseen("calibrate", runs[0], "--false-accept-rate", 0.05)
    assert (code, err) == (0, "")
    kept = json.loads((runs[0] / "calibration.json").read_text())
    assert f"{kept['threshold']:.4f}" in out
    assert f"{100 * kept['identification']['detection_rate']['value']:.1f}%" in out
    assert "from the run's own query and gallery" in out
    code, out, err = reseen("calibrate", runs[0], "--false-accept-rate", 1e-6)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "cannot show a false accept rate of 1e-06" in err
    assert reseen("compare", runs[0], tmp_path / "three")[0] == 2
