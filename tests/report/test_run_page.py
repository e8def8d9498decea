"""The page of a run, and of two: drawn from what their folders hold, and refused where that does not fit."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from reseen.draw.encode import write_png
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import compare
from reseen.progress import Silent
from reseen.report import drawings as drawings_module
from reseen.report.comparison_page import report_pair
from reseen.report.drawings import DRAWINGS
from reseen.report.ranked_sheet import query_outcome
from reseen.report.run_drawings import draw_run
from reseen.report.run_page import report_run
from reseen.tasks.reid.calibrate import calibrate_run
from reseen.tasks.reid.evaluate import evaluate_baselines, evaluate_run
from reseen.tasks.reid.model_settings import Model
from reseen.tasks.reid.recipe import recipe_of
from reseen.tasks.reid.results import intervals_of
from reseen.tasks.reid.saved_evaluation import saved_evaluation


@pytest.fixture
def runs(finished, tmp_path: Path) -> tuple[Path, Path]:
    return tuple(shutil.copytree(run, tmp_path / run.name) for run in finished)


def save_sheet(run: Run) -> None:
    run.explanations.mkdir()
    write_png(run.explanations / "attention-01.png", Image.new("RGB", (4, 4)))


def headings(page: Path) -> list[str]:
    return re.findall(r"<h2[^>]*>(.*?)</h2>", page.read_text(encoding="utf-8"))


def test_the_page_of_a_run_shows_its_scores_drawings_and_facts(runs):
    run = open_run(runs[0])
    evaluate_baselines(run)
    save_sheet(run)
    page = report_run(run)
    assert page == run.path / "report.html"
    text = page.read_text(encoding="utf-8")
    found = headings(page)
    assert found[0] == "Scores"
    assert found[-4:] == ["Data", "Make it again", "Recipe", "Environment"]
    drawn = {path.stem for path in (run.path / "pictures").iterdir()}
    kinds = [title for title in found[1:-4] if title != "Attention"]
    assert kinds == [DRAWINGS[name].title for name in DRAWINGS if name in drawn]
    assert {"sheet", "cmc", "training", "similarities", "cameras", "plane"} <= drawn
    assert found.index("Attention") == found.index("Cumulative matches") - 1, "after the sheets"
    for name in ("histogram", "untrained", "trained"):
        assert f'<th scope="row">{name}</th>' in text
    found = intervals_of(saved_evaluation(run))["mAP"]
    assert f"<small>{100 * found.low:.1f} to {100 * found.high:.1f}</small>" in text
    assert f"{saved_evaluation(run).report.mean_average_precision:.1%}".replace("%", " %") in text
    assert run.data()["fingerprint"] in text
    assert "market1501" in text


def test_images_are_saved_beside_the_page_and_old_ones_removed(runs):
    folder = runs[0] / "pictures"
    folder.mkdir()
    (folder / "twins.jpg").write_bytes(b"from before")
    report_run(runs[0])
    assert not (folder / "twins.jpg").exists(), "these data name no twins"
    for path in folder.iterdir():
        with Image.open(path) as opened:
            opened.load()
    assert (folder / "sheet.jpg").exists()
    assert (folder / "cmc.png").exists()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ({"name": "resnet50_bot"}, "resnet50_bot"),
        ({"backbone": "resnet18"}, "resnet18"),
        (
            {"backbone": "resnet18", "attention": {"stage1": {"name": "rga_s"}, "stage2": {"name": "lka"}}},
            "resnet18 with rga_s, lka",
        ),
    ],
)
def test_the_summary_names_the_model(runs, monkeypatch, lines, words):
    run = open_run(runs[0])
    recipe = recipe_of(run).model_copy(update={"model": Model.model_validate(lines)})
    monkeypatch.setattr("reseen.report.run_page.recipe_of", lambda _: recipe)
    page = report_run(run, saved_evaluation(run)).read_text(encoding="utf-8")
    assert f"<p>{words} trained for 1 epochs on 24 images of 6 identities (market1501 layout)" in page


def test_the_page_is_written_where_out_says(runs, tmp_path):
    page = report_run(runs[0], saved_evaluation(runs[0]), out=tmp_path / "mine.html")
    assert page == tmp_path / "mine.html"
    assert not (runs[0] / "report.html").exists()


def test_drawings_with_nothing_to_show_are_left_out(runs, market):
    run = open_run(runs[0])
    data = market("alone", test=2, shots=2)
    result = evaluate_run(run, data=data)
    perfect = replace(result, report=replace_report(result.report))
    images = draw_run(run, perfect, progress=Silent())
    # No failure, nobody confused, two gallery images of one camera, four images in all.
    assert images.keys() == {"sheet", "cmc", "training", "similarities"}
    assert [image.suffix for image in images.values()] == [".jpg", ".png", ".png", ".png"]


def replace_report(report):
    values = {**vars(report)}
    values["average_precisions"] = values["average_precisions"] * 0 + 1.0
    values["first_hits"] = values["first_hits"] * 0 + 1
    return type(report)(**values)


def test_the_outcome_of_a_query_in_words(runs):
    report = saved_evaluation(runs[0]).report
    assert query_outcome(replace_report(report), 0) == "average precision 100.0%, first match at rank 1"


def test_the_threshold_of_a_calibration_is_drawn(runs, monkeypatch):
    run, seen = open_run(runs[0]), []
    plot = drawings_module.plot_similarities
    monkeypatch.setattr(
        drawings_module, "plot_similarities", lambda found, *, threshold: seen.append(threshold) or plot(found)
    )
    draw_run(run, saved_evaluation(run), names=["similarities"], progress=Silent())
    found = calibrate_run(run, false_accept_rate=0.5)
    draw_run(run, saved_evaluation(run), names=["similarities"], progress=Silent())
    assert seen == [None, found.threshold]


def test_the_page_of_two_runs_shows_their_difference(runs):
    (runs[1] / "environment.json").write_text('{"torch": "another"}')
    save_sheet(open_run(runs[0]))
    page = report_pair(*runs)
    assert page == runs[1] / "beside-seed-3.html"
    text, found = page.read_text(encoding="utf-8"), headings(page)
    first, second = (saved_evaluation(run).report for run in runs)
    assert "<h1>seed-3 and seed-4</h1>" in text
    assert f"{100 * (second.mean_average_precision - first.mean_average_precision):+.1f}" in text
    comparison = compare(first, second, saved_evaluation(runs[0]).query.identities)
    low, high = comparison.differences["mAP"].difference[1:]
    assert f"<small>{100 * low:+.1f} to {100 * high:+.1f}</small>" in text
    assert comparison.sentence("seed-3", "seed-4") in text
    assert "<td>another</td>" in text
    assert re.findall(r'<th scope="row">seed</th>\s*<td>(\d)</td>\s*<td>(\d)</td>', text) == [("3", "4")]
    assert [title for title in found if not title.startswith("Where")] == [
        "Scores",
        "Attention: seed-3",
        "Cumulative matches",
        "Query by query",
        "Training: seed-3",
        "Training: seed-4",
        "Similarity: seed-3",
        "Similarity: seed-4",
        "Recipe",
        "Environment",
        "Data",
        "Make it again",
    ]
    better, worse = (
        (second.average_precisions > first.average_precisions).any(),
        (second.average_precisions < first.average_precisions).any(),
    )
    assert ("Where seed-4 is better" in found, "Where seed-3 is better" in found) == (better, worse)


def test_sheets_of_two_runs_show_the_same_queries_under_each_other(runs, monkeypatch):
    from reseen.report import comparison_images as pair_module

    sheets = []
    draw = pair_module.draw_sheet
    monkeypatch.setattr(
        pair_module, "draw_sheet", lambda rows, **words: sheets.append((rows, words["titles"])) or draw(rows, **words)
    )
    report_pair(*runs)
    for rows, titles in sheets:
        assert [title.split(":")[0] for title in titles] == ["seed-3", "seed-4"] * (len(rows) // 2)
        for one, other in zip(rows[::2], rows[1::2], strict=True):
            assert one[0].image.tobytes() == other[0].image.tobytes()
            assert len(one) == len(other)


def test_runs_that_cannot_be_compared_are_refused(runs, market):
    with pytest.raises(ReseenError, match="expected two different runs, got the same twice"):
        report_pair(runs[0], runs[0])
    recipe = runs[1] / "recipe.toml"
    text = recipe.read_text()
    recipe.write_text(text.replace('average_precision = "rectangle"', 'average_precision = "trapezoid"'))
    with pytest.raises(ReseenError, match="expected runs scored under the same rules"):
        report_pair(*runs)
    recipe.write_text(text)
    # The second run's data are elsewhere now, with one identity less.
    facts = json.loads((runs[1] / "data.json").read_text())
    (runs[1] / "data.json").write_text(json.dumps({**facts, "path": str(market("other", test=2))}))
    shutil.rmtree(runs[1] / "embeddings")
    with pytest.raises(ReseenError, match=r"their query differs \(3 and 2 images\)"):
        report_pair(*runs)
