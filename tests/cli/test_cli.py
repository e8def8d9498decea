"""The commands from outside: what they print, where errors go, how they exit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from reseen.cli.console import progress_for, results, say
from reseen.cli.progress import RichProgress


@pytest.mark.parametrize("command", ["demo", "synth", "check", "train", "evaluate", "models", "profile", "ablate"])
def test_help_teaches_by_example(reseen, command):
    code, out, _ = reseen(command, "--help")
    assert code == 0
    assert f"reseen {command}" in out.split("Example")[1], "the docstring's example, after the usage line"


def test_train_evaluate_and_report(reseen, market, recipe_file, tmp_path):
    data, run, scores = market(), tmp_path / "run", tmp_path / "scores.json"
    code, out, err = reseen("train", recipe_file, "--data", data, "--out", run, "--quiet")
    assert (code, err) == (0, "")
    assert all(word in out for word in ("histogram", "untrained", "trained", "report:", "market1501"))
    page = (run / "report.html").read_text()
    drawn = sorted(path.name for path in (run / "pictures").iterdir())
    assert page.count("data:image/") == len(drawn)
    assert {"sheet.jpg", "cmc.png", "training.png"} <= set(drawn)
    code, out, _ = reseen("evaluate", run, "--data", data, "--json", scores)
    written = json.loads(scores.read_text())
    assert code == 0
    assert {"mAP", "rank1", "rank5", "mINP"} <= written.keys()
    assert f"{written['mAP']:.1%}" in out


def test_evaluating_a_run_whose_data_moved_says_how_to_go_on(reseen, market, recipe_file, tmp_path):
    data, run = market(), tmp_path / "run"
    reseen("train", recipe_file, "--data", data, "--out", run, "--quiet")
    data.rename(tmp_path / "moved")
    code, _, err = reseen("evaluate", run, "--quiet")
    assert code == 2
    assert "if the data have moved, say where with --data" in err
    assert reseen("evaluate", run, "--data", tmp_path / "moved", "--quiet")[0] == 0


def test_check_exits_0_clean_1_with_findings_2_unreadable(reseen, market, tmp_path):
    data = market()
    code, out, _ = reseen("check", data)
    assert (code, "no findings" in out) == (0, True)
    next((data / "bounding_box_train").iterdir()).write_bytes(b"")
    code, out, _ = reseen("check", data)
    assert (code, "unreadable" in out) == (1, True)
    code, _, err = reseen("check", tmp_path / "nowhere")
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train", "nosuch", "--data", "x", "--out", "y"), "no recipe 'nosuch'"),
        (("train", "demo", "--data", "nowhere", "--out", "y"), "nowhere"),
        (("train", "demo", "--data", "x", "--out", "y", "--set", "model.poling=gem"), "did you mean 'pooling'"),
        (("evaluate", "nowhere"), "no such run"),
        (("models", "no-such-net"), "no backbone of timm"),
        (("synth", "vehicle", "out", "--identities", "1"), "identities: at least 2"),
        (("synth", "scene", "out", "--twins", "0.5"), "--twins: scenes have no identities; leave it out"),
    ],
)
def test_an_error_is_one_line_and_exit_2(reseen, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = reseen(*words)
    assert (code, out) == (2, "")
    assert err.startswith("reseen: ")
    assert err.count("\n") == 1
    assert message in err
    assert not list(tmp_path.iterdir()), "nothing half-written"


def test_models_lists_ours_and_searches_timm(reseen):
    code, out, _ = reseen("models", "convnext_atto")
    assert code == 0
    assert "resnet50_bot" in out
    assert "convnext_atto" in out


def test_synth_makes_scenes(reseen, tmp_path):
    out = tmp_path / "scenes"
    code, said, _ = reseen("synth", "scene", out, "--images", 4, "--image-size", 32, "--workers", 1, "--quiet")
    assert code == 0
    assert "4 scenes in the layout cityscapes (train 3, val 1)" in said
    assert len(list((out / "gtFine/train").glob("*/*_labelIds.png"))) == 3


def test_synth_makes_a_set_that_check_finds_clean(reseen, tmp_path):
    out = tmp_path / "set"
    code, said, _ = reseen("synth", "vehicle", out, "--identities", 6, "--images", 24, "--image-size", 48, "--quiet")
    assert (code, "24 images of 6 identities" in said) == (0, True)
    assert reseen("check", out, "--quiet")[0] == 0
    code, _, err = reseen("synth", "vehicle", out, "--identities", 6, "--images", 24)
    assert (code, "holds files already" in err) == (2, True)


def test_importing_the_package_imports_nothing_heavy():
    script = "import sys, reseen; sys.exit('torch' in sys.modules or 'polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_every_public_name_resolves():
    import reseen

    assert all(getattr(reseen, name) for name in reseen.__all__)
    with pytest.raises(AttributeError, match="nosuch"):
        reseen.nosuch  # noqa: B018


def test_the_old_name_of_unpack_cuhk03_works_and_warns():
    import reseen

    with pytest.warns(DeprecationWarning, match=r"reseen\.unpack is now reseen\.unpack_cuhk03") as warned:
        assert reseen.unpack is reseen.unpack_cuhk03
    assert warned[0].filename == __file__


def test_bars_nest_and_count(tmp_path: Path):
    with (tmp_path / "screen").open("w") as file:
        progress = RichProgress(Console(file=file, force_terminal=True, width=120))
        with progress.bar("outer", total=3) as outer, progress.bar("inner", total=2) as inner:
            outer.advance(2, note="loss 1.5")
            inner.advance()
        progress.say("[not markup]")
    shown = (tmp_path / "screen").read_text()
    assert all(word in shown for word in ("outer", "inner", "2/3", "1/2", "loss 1.5", "[not markup]"))


def test_a_profile_is_printed_and_kept(reseen, tmp_path):
    counts = tmp_path / "counts.json"
    code, out, _ = reseen("profile", "mbr_r50", "--identities", 7, "--image-size", 64, 32, "--json", counts)
    assert code == 0
    assert "one image of 64 x 32, 7 identities" in out
    assert json.loads(counts.read_text())["parameters"] == 23_508_032 + 2 * 2048 + 7 * 2048
    assert reseen("profile")[0] == 2


def test_an_ablation_prints_its_rows(reseen, market, recipe_file, tmp_path):
    common = ("ablate", recipe_file, "--data", market(), "--out", tmp_path / "out", "--quiet")
    sizes = ("--set", "training.epochs=1", "--set", "transforms={}")
    code, out, err = reseen(*common, "--rows", "efficientnet_lite0", "--seeds", "0,1", *sizes)
    assert (code, err) == (0, "")
    assert "efficientnet_lite0" in out
    assert "±" in out
    code, _, err = reseen(*common, "--rows", "efficientnet_lite0", "--seeds", "0,x")
    assert (code, err.strip()) == (
        2,
        "reseen: --seeds: expected whole numbers of 0 or more, comma-separated, got 'x'",
    )


def test_nothing_in_a_path_or_a_name_is_taken_for_markup_or_an_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    odd = "x[/b]/[red]a:car:[link"
    table = Table("name", odd, title=odd, caption=odd)
    table.add_row("value", odd)
    results().print(table)
    say(odd)
    progress = progress_for(quiet=False)
    progress.say(odd)
    with progress.bar(odd, total=1) as bar:
        bar.advance(note=odd)
    out, err = capsys.readouterr()
    assert out.count(odd) == 5
    assert odd in err
