"""`reseen embed` of tracks, from outside."""

import polars
import pytest

from drawn_videos import write_video


@pytest.fixture
def tracks(tmp_path):
    write_video(tmp_path / "gate.mp4")
    box = {"camera": "gate", "left": 0, "top": 0, "width": 40, "height": 40}
    polars.DataFrame([{**box, "track": 1, "frame": frame} for frame in (3, 4, 30)]).write_csv(tmp_path / "tracks.csv")
    return tmp_path / "tracks.csv"


def test_embed_tells_what_it_did_with_tracks_and_videos(reseen, tracks, weights_file, tmp_path):
    options = ("--model", weights_file, "--out", tmp_path / "out", "--videos", tmp_path, "--images", 2)
    code, out, err = reseen("embed", tracks, *options)
    assert code == 0, err
    assert "1 of the tracks' are beyond its end: 1 boxes are left out" in out
    assert "one vector of each of 1 tracks" in out
    assert "2 embeddings of" in out
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"tracks.parquet", "crops", "job.json"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--frame-rate", "5"), "are for tracks; add --tracks"),
        (("--tracks", "--ray"), "tracks are embedded without --ray and --metadata"),
        (("--tracks",), "expected an image of each box alone"),
        (("--tracks", "--offset", "gate"), "--offset: expected CAMERA=SECONDS, got gate"),
    ],
)
def test_options_that_do_not_fit_tracks_are_one_line(reseen, tracks, weights_file, tmp_path, options, message):
    code, _, err = reseen("embed", tracks, "--model", weights_file, "--out", tmp_path / "out", "-q", *options)
    assert (code, message in err, err.count("\n")) == (2, True, 1), err
