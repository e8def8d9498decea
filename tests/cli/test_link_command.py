"""`reseen link` from outside."""

import polars
import pytest


@pytest.fixture
def town(tmp_path, image):
    rows = []
    for who in range(3):
        for camera in range(2):
            image(who, camera, size=32).save(tmp_path / f"{who}-{camera}.png")
            box = {"left": 5, "top": 5, "width": 20, "height": 20, "image": f"{who}-{camera}.png"}
            rows.append({"camera": f"c{camera}", "track": who, "frame": 300 * who + 90 * camera, **box})
    polars.DataFrame(rows).write_csv(tmp_path / "tracks.csv")
    truth = polars.DataFrame(rows).rename({"track": "identity"}).drop("image")
    truth.write_csv(tmp_path / "truth.csv")
    return tmp_path


def test_link_tells_what_it_did(reseen, town, weights_file):
    arguments = ("--model", weights_file, "--out", town / "out", "--truth", town / "truth.csv", "--offset", "c1=2")
    code, out, err = reseen("link", town / "tracks.csv", *arguments)
    assert code == 0, err
    assert "6 tracks of 2 cameras are" in out
    assert "IDF1" in out
    assert {path.name for path in (town / "out").iterdir()} >= {"links.csv", "scores.json", "linking.json"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--offset", "c1"), "--offset: expected CAMERA=SECONDS, got c1"),
        (("--offset", "c1=soon"), "--offset: expected CAMERA=SECONDS, got c1=soon"),
        (("--offset", "c7=1"), "offsets: no camera 'c7'"),
        (("--topology", "gone.csv"), "gone.csv: no such file; expected a topology"),
        (("--truth", "gone.csv"), "gone.csv"),
        (("--videos", "gone"), "gone: no such folder"),
        (("--videos", "c0=gone.mp4"), "expected one video of camera c1, such as c1.mp4 or c1/vdo.avi, got none"),
        (("--frames", "gone"), "gone: no such folder"),
        (("--first-frame", "1"), "the number of the first frame is for videos"),
    ],
)
def test_bad_options_are_one_line(reseen, town, weights_file, options, message):
    code, _, err = reseen("link", town / "tracks.csv", "--model", weights_file, "--out", town / "out", "-q", *options)
    assert (code, message in err, err.count("\n")) == (2, True, 1), err


def test_help_teaches_by_example(reseen):
    code, out, _ = reseen("link", "--help")
    assert code == 0
    assert "reseen link" in out.split("Example")[1]


def test_link_writes_a_page_and_report_writes_it_again(reseen, town, weights_file):
    arguments = ("--model", weights_file, "--out", town / "out", "--truth", town / "truth.csv", "--quiet")
    code, out, err = reseen("link", town / "tracks.csv", *arguments)
    page = town / "out" / "report.html"
    assert (code, f"report: {page}" in out) == (0, True), err
    html = page.read_text()
    assert "data:image/jpeg" in html
    assert "association" in html
    page.unlink()
    code, out, _ = reseen("report", town / "out", "--quiet")
    assert (code, out.strip()) == (0, f"report: {page}")
    assert page.read_text() == html
