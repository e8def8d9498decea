"""Frames of videos have the numbers and times at which they are shown, whatever the file does to store them."""

import numpy as np
import pytest

from drawn_videos import HEIGHT, WIDTH, number_in, write_video
from reseen.data.frames import Video
from reseen.errors import ReseenError

KINDS = {
    "mpeg4": {"suffix": "mp4"},
    "mpeg4 with B-frames": {"suffix": "mp4", "bframes": 2},
    "H.264 with B-frames": {"suffix": "mp4", "codec": "libx264", "bframes": 3},
    "H.264 in Matroska": {"suffix": "mkv", "codec": "libx264", "bframes": 2},
    "a transport stream": {"suffix": "ts", "codec": "libx264", "bframes": 2},
    "AVI": {"suffix": "avi"},
    "AVI with B-frames": {"suffix": "avi", "bframes": 2},
}


@pytest.fixture(params=KINDS)
def video(request, tmp_path):
    options = dict(KINDS[request.param])
    return Video(write_video(tmp_path / f"gate.{options.pop('suffix')}", count=60, **options))


def numbers_of(video, wanted):
    return [(frame.number, number_in(frame.image)) for frame in video.frames(wanted)]


def test_every_frame_shows_its_own_number(video):
    assert len(video) == 60
    assert numbers_of(video, range(60)) == [(number, number) for number in range(60)]


@pytest.mark.parametrize("wanted", [[0], [59], [30], [3, 29, 30, 31, 58], [11, 12, 13, 47, 48, 49]])
def test_frames_far_apart_show_their_own_numbers(video, wanted):
    assert numbers_of(video, wanted) == [(number, number) for number in wanted]


def test_frames_beyond_the_end_are_left_out(video):
    assert numbers_of(video, [58, 60, 100]) == [(58, 58)]


def test_times_come_from_when_frames_are_shown(tmp_path):
    stamps = [0, 40, 80, 500, 540, 2000, 2040, 2041, 2900, 3000]
    video = Video(write_video(tmp_path / "gate.mkv", count=10, stamps=stamps, codec="libx264", bframes=2))
    np.testing.assert_allclose(video.times, np.array(stamps) / 1000, atol=1e-9)
    assert numbers_of(video, range(10)) == [(number, number) for number in range(10)]


def test_a_steady_video_has_steady_times(video):
    np.testing.assert_allclose(video.times, np.arange(60) / 10, atol=1e-3)


def test_wanted_frames_far_apart_are_reached_without_decoding_what_lies_between(tmp_path, monkeypatch):
    from reseen.data.frames import video as module

    path = write_video(tmp_path / "long.mp4", count=300, codec="libx264", bframes=2)
    decoded = []
    decode = module._decoded
    monkeypatch.setattr(module, "_decoded", lambda *of: (decoded.append(frame.pts) or frame for frame in decode(*of)))
    assert numbers_of(Video(path), [5, 150, 290]) == [(5, 5), (150, 150), (290, 290)]
    assert len(decoded) < 60


@pytest.mark.parametrize("turn", [90, 180, -90])
def test_a_video_that_says_that_it_is_turned_is_shown_upright(tmp_path, turn):
    video = Video(write_video(tmp_path / "turned.mp4", rotation=turn))
    frame = next(video.frames([7])).image
    assert number_in(np.rot90(frame, -turn // 90)) == 7
    assert video.size == ((WIDTH, HEIGHT) if turn == 180 else (HEIGHT, WIDTH))


def test_a_video_that_was_cut_off_has_the_frames_that_are_left(tmp_path):
    path = write_video(tmp_path / "whole.ts", count=60, codec="libx264")
    (tmp_path / "cut.ts").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    video = Video(tmp_path / "cut.ts")
    assert 10 < len(video) < 60
    assert numbers_of(video, range(10)) == [(number, number) for number in range(10)]


def test_what_is_no_video_is_refused_in_one_line(tmp_path):
    import av

    (tmp_path / "text.mp4").write_text("no video" * 100)
    whole = write_video(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "headless.mp4").write_bytes(whole[: len(whole) // 2])
    with av.open(tmp_path / "sound.wav", "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
    for name, message in {
        "gone.mp4": "no such video file",
        "text.mp4": "cannot decode the video: Invalid data",
        "headless.mp4": "cannot decode the video",
        "sound.wav": "has no video stream",
    }.items():
        with pytest.raises(ReseenError, match=message) as error:
            Video(tmp_path / name)
        assert "\n" not in str(error.value)
