"""`reseen evaluate` from outside: its flags, what it prints, keeps and refuses."""

import json

import polars as pl
import pytest

from kept_runs import keep_run
from reseen.cli.protocol_options import expansion_of, protocol_of, reranking_of
from reseen.errors import ReseenError
from reseen.metrics import KReciprocal, PartAreas, custom_protocol
from reseen.tasks.reid.postprocess import Expansion


@pytest.fixture
def files(tmp_path, recipe_file):
    folder = keep_run(tmp_path / "kept", recipe_file, noise=1.2).embeddings
    return folder / "query.parquet", folder / "gallery.parquet"


def test_two_files_are_evaluated_with_every_option_at_once(reseen, files, tmp_path) -> None:
    scores, queries = tmp_path / "scores.json", tmp_path / "queries.csv"
    reranked = ("--rerank", "--k1", 6, "--k2", 2)
    expanded = ("--expand", 3, "--expand-gallery", 2, "--alpha", 1, "--camera-bias", "--device", "cpu")
    code, out, err = reseen("evaluate", *files, *reranked, *expanded, "--json", scores, "--per-query", queries)
    assert code == 0
    assert err.startswith("evaluation: about ")
    written = json.loads(scores.read_text())
    for score, found in written["intervals"].items():
        assert f"{written[score]:.1%}" in out
        assert f"{found['low']:.1%} to {found['high']:.1%}" in out
    assert written["settings"] in out.replace("\n", " ")
    assert "k-reciprocal (k1=6, k2=2, weight=0.3)" in written["settings"]
    assert "camera means taken out, gallery expanded (2 neighbours, alpha 1)" in written["settings"]
    assert "24 of 24 queries evaluated, 24 gallery images" in out
    assert pl.read_csv(queries)["average_precision"].mean() == pytest.approx(written["mAP"])
    assert len(pl.read_csv(queries)) == 24


def test_a_shortlist_is_ranked_by_areas(reseen, files) -> None:
    code, out, _ = reseen("evaluate", *files, "--part-areas", 2, "--shortlist", 5, "--quiet")
    assert code == 0
    assert "distance of 2 parts by area (shortlist=5)" in out.replace("\n", " ")


def test_a_custom_protocol_says_its_rules_its_skips_and_its_trials(reseen, files) -> None:
    rules = ("--protocol", "custom", "--keep-same-camera", "--junk", "0003,0004")
    code, out, err = reseen("evaluate", *files, *rules, "--shots", 1, "--trials", 4, "--seed", 2, "--quiet")
    assert (code, err) == (0, "")
    assert "identity 0003, 0004 dropped, 1 image an identity drawn as gallery, mean of 4 trials, seed 2" in out
    assert "20 of 24 queries evaluated, 24 gallery images; 4 skipped: junk identity" in out
    assert "points (standard deviation) over the trials" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--protocol veri", "did you mean 'veri776'"),
        ("--per-query queries.txt", "expected a name that ends in .csv or .parquet"),
        ("--rerank --k1 30 --quiet", "k1: expected at most the gallery's 24 images, got 30"),
        ("--keep-same-camera", "--keep-same-camera belongs to --protocol custom"),
    ],
)
def test_a_refusal_is_one_line(reseen, files, words, message) -> None:
    code, out, err = reseen("evaluate", *files, *words.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


NOTHING = dict.fromkeys(("drop_same_camera", "junk", "tracks", "same_pictures", "shots", "trials", "seed", "depth"))


def test_rules_are_a_custom_protocols() -> None:
    assert protocol_of(None, NOTHING) is None
    assert protocol_of("veri776", NOTHING) == "veri776"
    found = protocol_of("custom", {**NOTHING, "drop_same_camera": True, "junk": "", "depth": 5})
    assert found == custom_protocol(drop_same_camera=True, junk=(), depth=5)
    assert protocol_of("custom", {**NOTHING, "drop_same_camera": False}) == custom_protocol(drop_same_camera=False)
    for name, rules, message in (
        ("veri776", {"drop_same_camera": True}, "--drop-same-camera belongs to --protocol custom"),
        (None, {"same_pictures": True}, "--same-pictures belongs to --protocol custom"),
        ("custom", {"depth": 3}, "say --drop-same-camera or --keep-same-camera"),
        ("custom", {"drop_same_camera": True, "trials": 3}, "--trials: nothing is drawn without --shots"),
    ):
        with pytest.raises(ReseenError, match=message):
            protocol_of(name, {**NOTHING, **rules})


def test_settings_of_what_is_not_asked_for_are_refused() -> None:
    nothing = dict.fromkeys(("k1", "k2", "weight"))
    assert reranking_of(nothing, wanted=False) is None
    assert reranking_of({**nothing, "k1": 9}, wanted=True) == KReciprocal(k1=9)
    with pytest.raises(ReseenError, match="--weight belongs to --rerank"):
        reranking_of({**nothing, "weight": 0.0}, wanted=False)
    assert reranking_of(nothing, wanted=False, part_areas=6) == PartAreas(6)
    assert reranking_of(nothing, wanted=False, part_areas=6, shortlist=9) == PartAreas(6, shortlist=9)
    with pytest.raises(ReseenError, match="--shortlist belongs to --part-areas"):
        reranking_of(nothing, wanted=False, shortlist=9)
    with pytest.raises(ReseenError, match="--rerank does not go with --part-areas, which ranks alone"):
        reranking_of(nothing, wanted=True, part_areas=6)
    assert expansion_of({"expand": 3, "expand_gallery": None}, alpha=2.0) == {"expand": Expansion(3, 2.0)}
    with pytest.raises(ReseenError, match="--alpha belongs to --expand"):
        expansion_of({"expand": None, "expand_gallery": None}, alpha=2.0)
