"""Tracks with videos or folders of frames: their boxes are cut out, embedded once, and linked."""

import numpy as np
import polars
import pytest
from PIL import Image

import reseen
from drawn_videos import HEIGHT, WIDTH, draw_frame, number_in, write_video
from reseen.data.frames import FramesGiven, Video
from reseen.errors import ReseenError
from reseen.retrieval import Embedder, read_source
from reseen.retrieval.embed_tracks import embed_tracks

WHOLE = {"left": 0, "top": 0, "width": WIDTH, "height": HEIGHT}


@pytest.fixture
def embedder(weights_file):
    return Embedder.from_pretrained(weights_file)


def write_tracks(folder, rows):
    polars.DataFrame([{**WHOLE, "camera": "gate", **row} for row in rows]).write_csv(folder / "tracks.csv")
    return folder / "tracks.csv"


def write_frames(folder, numbers, size=(WIDTH, HEIGHT)):
    folder.mkdir(parents=True)
    for number in numbers:
        Image.fromarray(draw_frame(number, size=size)).save(folder / f"{number:06d}.png")


@pytest.fixture
def tracks(tmp_path):
    return write_tracks(tmp_path, [{"track": who, "frame": 20 * who + shot} for who in (0, 1) for shot in range(4)])


def cut_numbers(out):
    rows = polars.read_parquet(out / "images.parquet").select("frame", "path").iter_rows()
    return {frame: number_in(np.asarray(Image.open(path))) for frame, path in rows}


def test_boxes_are_cut_out_of_the_frames_of_a_video(tmp_path, tracks, embedder):
    write_video(tmp_path / "videos-gate.mp4", codec="libx264", bframes=2)
    given = FramesGiven(videos=[f"gate={tmp_path / 'videos-gate.mp4'}"])
    done = embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=given)
    assert cut_numbers(tmp_path / "out") == {frame: frame for frame in (0, 1, 2, 3, 20, 21, 22, 23)}
    assert (done.job.embedded, done.tracks, done.notes) == (8, 2, ())
    pooled = polars.read_parquet(tmp_path / "out" / "tracks.parquet")
    assert pooled["track"].to_list() == ["0", "1"]
    np.testing.assert_allclose(np.linalg.norm(pooled["vector"].to_numpy(), axis=1), 1, rtol=1e-5)


def test_what_embed_wrote_of_tracks_is_a_source_of_records(tmp_path, tracks, embedder):
    write_video(tmp_path / "gate.mp4")
    embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(videos=[tmp_path]))
    records = list(read_source(tmp_path / "out").records)
    assert (len(records), records[0].camera, records[0].fields["track"]) == (8, "gate", "0")
    assert len(list(read_source(tmp_path / "out" / "tracks.parquet").records)) == 2


def test_a_part_of_a_frame_is_cut_where_its_box_is(tmp_path, embedder):
    box = {"left": 21.3, "top": 5, "width": 20, "height": 30}
    tracks = write_tracks(tmp_path, [{"track": 1, "frame": 57, **box}])
    write_frames(tmp_path / "frames" / "gate", [57])
    embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(tmp_path / "frames"))
    image = np.asarray(Image.open(tmp_path / "out" / "crops" / "gate" / "1" / "000057.jpg"))
    assert image.shape == (30, 20, 3)
    assert abs(float(image.mean()) - (10 + 25 * 5)) < 2


@pytest.mark.parametrize(("first", "shown"), [(0, 5), (1, 4)])
def test_frames_are_counted_from_what_the_user_says(tmp_path, embedder, first, shown):
    tracks = write_tracks(tmp_path, [{"track": 1, "frame": 5}])
    write_video(tmp_path / "gate.mp4")
    given = FramesGiven(videos=[tmp_path], first=first)
    embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=given)
    assert cut_numbers(tmp_path / "out") == {5: shown}


def test_frames_of_mot_text_are_counted_from_1(tmp_path, embedder):
    (tmp_path / "gate.txt").write_text(f"1,7,0,0,{WIDTH},{HEIGHT},1,-1,-1,-1\n30,7,0,0,{WIDTH},{HEIGHT},1,-1,-1,-1\n")
    write_video(tmp_path / "gate.mp4")
    embed_tracks(tmp_path / "gate.txt", tmp_path / "out", embedder=embedder, frames=FramesGiven(videos=[tmp_path]))
    assert cut_numbers(tmp_path / "out") == {1: 0, 30: 29}


def test_times_of_tracks_come_from_the_timestamps_of_a_video(tmp_path, embedder):
    stamps = [0, 40, 80, 500, 540, 2000, 2040, 2500, 2900, 3000]
    write_video(tmp_path / "gate.mkv", count=10, stamps=stamps)
    tracks = write_tracks(tmp_path, [{"track": 1, "frame": frame} for frame in (3, 9)])
    given = FramesGiven(videos=[tmp_path])
    embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=given, offsets={"gate": 100.0})
    pooled = polars.read_parquet(tmp_path / "out" / "tracks.parquet")
    assert pooled.select("begin", "end").row(0) == pytest.approx((100.5, 103.0))


def test_boxes_with_times_alone_are_cut_out_of_the_frame_shown_nearest(tmp_path, embedder):
    stamps = [0, 40, 80, 500, 540, 2000, 2040, 2500, 2900, 3000]
    write_video(tmp_path / "gate.mkv", count=10, stamps=stamps)
    tracks = write_tracks(tmp_path, [{"track": 1, "time": time} for time in (0.51, 2.0, 2.6)])
    embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(videos=[tmp_path]))
    assert cut_numbers(tmp_path / "out") == {3: 3, 5: 5, 7: 7}


def test_tracks_with_times_closer_than_a_tenth_of_a_second_are_laid_on_their_frames(tmp_path, embedder):
    write_video(tmp_path / "gate.mkv", count=10, stamps=[40 * number for number in range(10)])
    tracks = write_tracks(tmp_path, [{"track": 1, "time": 0.04 * number} for number in range(10)])
    embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(videos=[tmp_path]))
    assert cut_numbers(tmp_path / "out") == {number: number for number in range(10)}


def test_a_track_without_any_frame_is_left_out_and_counted(tmp_path, embedder):
    write_video(tmp_path / "gate.mp4")
    tracks = write_tracks(tmp_path, [{"track": 1, "frame": 3}, {"track": 2, "frame": 300}])
    done = embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(videos=[tmp_path]))
    assert any("1 tracks have no box in any frame" in note for note in done.notes)
    assert done.tracks == 1


def test_a_pattern_without_cameras_is_refused_for_several(tmp_path, embedder):
    rows = [{"track": 1, "frame": 1, "camera": camera} for camera in ("east", "west")]
    with pytest.raises(ReseenError, match=r"expected \{camera\} in the pattern, as the tracks have 2 cameras"):
        embed_tracks(
            write_tracks(tmp_path, rows),
            tmp_path / "out",
            embedder=embedder,
            frames=FramesGiven(frames="f/{frame}.jpg"),
        )


def test_the_best_boxes_are_chosen_before_a_frame_is_decoded(tmp_path, embedder, monkeypatch):
    rows = [
        {"track": 1, "frame": n, "left": 10, "top": 9, "width": 10 + 9 * (n % 10 == 4), "height": 20} for n in range(30)
    ]
    write_video(tmp_path / "gate.mp4")
    asked = []
    frames = Video.frames
    monkeypatch.setattr(Video, "frames", lambda self, numbers: (asked.append(list(numbers)), frames(self, numbers))[1])
    tracks = write_tracks(tmp_path, rows)
    embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(videos=[tmp_path]), images=3)
    assert asked == [[4, 14, 24]]


def test_a_stopped_command_cuts_and_embeds_nothing_twice(tmp_path, tracks, embedder, monkeypatch):
    from reseen.data.frames import cutting

    write_video(tmp_path / "gate.mp4")
    given, written = FramesGiven(videos=[tmp_path]), cutting._written

    def stop(boxes, frame, *, source):
        if frame.number == 20:
            raise KeyboardInterrupt
        return written(boxes, frame, source=source)

    monkeypatch.setattr(cutting, "_written", stop)
    with pytest.raises(KeyboardInterrupt):
        embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=given)
    with (tmp_path / "out" / "crops" / "gate.csv").open("a") as log:
        log.write("1,20,0.")  # a line that was not finished
    asked = []
    monkeypatch.setattr(
        cutting,
        "_written",
        lambda boxes, frame, *, source: asked.append(frame.number) or written(boxes, frame, source=source),
    )
    assert embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=given).job.embedded == 8
    assert asked == [20, 21, 22, 23]
    again = embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=given).job
    assert (again.embedded, again.before, len(asked)) == (0, 8, 4)


def test_tracks_are_linked_from_videos(tmp_path, embedder):
    for camera in ("gate", "yard"):
        write_video(tmp_path / f"{camera}.mp4")
    tracks = write_tracks(
        tmp_path,
        [
            {"camera": camera, "track": who, "frame": 10 * who + n}
            for camera in ("gate", "yard")
            for who in (0, 1)
            for n in range(3)
        ],
    )
    given = FramesGiven(videos=[tmp_path])
    done = reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder, frames=given, images=2)
    assert len(done.links) == 4
    assert done.tracks.crops
    assert all((done.tracks.root / name).is_file() for names in done.linking.sightings.images for name in names)
    assert reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder, frames=given, images=2).links.equals(
        done.links
    )
    with pytest.raises(ReseenError, match="holds a linking of other"):
        reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder, frames=given._replace(first=1), images=2)


def test_tracks_whose_images_are_whole_frames_are_cut_too(tmp_path, embedder):
    write_frames(tmp_path / "shots", [4, 5])
    tracks = write_tracks(
        tmp_path, [{"track": who, "frame": n, "image": f"shots/00000{n}.png"} for who in (1, 2) for n in (4, 5)]
    )
    done = embed_tracks(tracks, tmp_path / "out", embedder=embedder)
    assert (done.tracks, cut_numbers(tmp_path / "out")) == (2, {4: 4, 5: 5})


def test_a_pattern_names_the_frames(tmp_path, embedder, tracks):
    write_frames(tmp_path / "gate", range(30))
    pattern = str(tmp_path / "{camera}" / "{frame:06d}.png")
    embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(pattern))
    assert len(cut_numbers(tmp_path / "out")) == 8


def test_boxes_are_clipped_left_out_and_counted(tmp_path, embedder):
    boxes = [
        {"left": 50, "top": 4, "width": 30, "height": 20},
        {"left": 70, "top": 4, "width": 30, "height": 20},
        {"left": 5, "top": 4, "width": 0, "height": 20},
        {"left": 5, "top": 4, "width": 9, "height": 20},
    ]
    tracks = write_tracks(tmp_path, [{"track": 1, "frame": n, **box} for n, box in enumerate(boxes)])
    write_video(tmp_path / "gate.mp4")
    done = embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(videos=[tmp_path]))
    assert [note.split(" were ")[0] for note in done.notes] == [
        "1 of 4 boxes have no area inside their frame and",
        "1 of 3 boxes reached out of their frame and",
        "1 of 3 boxes have no area inside their frame and",
    ]
    assert done.job.embedded == 2


def test_frames_beyond_the_end_of_a_video_are_counted(tmp_path, embedder):
    tracks = write_tracks(tmp_path, [{"track": 1, "frame": n} for n in (28, 29, 30)])
    write_video(tmp_path / "gate.mp4")
    done = embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(videos=[tmp_path]))
    (note,) = done.notes
    assert (
        "has 30 frames, 0 to 29; 1 of the tracks' are beyond its end: 1 boxes are left out; if the tracks count" in note
    )
    assert done.job.embedded == 2


def test_frames_missing_in_a_folder_are_counted(tmp_path, embedder):
    tracks = write_tracks(tmp_path, [{"track": 1, "frame": n} for n in (3, 4, 5)])
    write_frames(tmp_path / "frames" / "gate", [3, 5, 9])
    done = embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(tmp_path / "frames"))
    assert done.notes[0].endswith("has 3 frames, 3 to 9; 1 of the tracks' are missing, such as 4: 1 boxes are left out")


def test_a_damaged_frame_is_left_out_and_counted(tmp_path, embedder):
    tracks = write_tracks(tmp_path, [{"track": 1, "frame": n} for n in (3, 4)])
    write_frames(tmp_path / "frames" / "gate", [3, 4])
    (tmp_path / "frames" / "gate" / "000004.png").write_bytes(b"no image")
    done = embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=FramesGiven(tmp_path / "frames"))
    assert done.notes == ("1 of 2 boxes are in frames that cannot be decoded and were left out",)


def no_video(root):
    return FramesGiven(videos=[root])


def unknown_camera(root):
    write_video(root / "gate.mp4")
    return FramesGiven(videos=[root, f"gat={root / 'gate.mp4'}"])


def two_videos(root):
    write_video(root / "gate.mp4")
    write_video(root / "gate.avi")
    return FramesGiven(videos=[root])


def short_video(root):
    write_video(root / "gate.mp4", count=2)
    return FramesGiven(videos=[root], first=100)


def other_size(root):
    write_frames(root / "frames" / "gate", [0], size=(32, 32))
    write_frames(root / "frames" / "gate2", [0])
    for number in (1, 2, 3, 20, 21, 22, 23):
        Image.fromarray(draw_frame(number)).save(root / "frames" / "gate" / f"{number:06d}.png")
    return FramesGiven(root / "frames")


def text_as_video(root):
    (root / "gate.mp4").write_text("no video" * 100)
    return FramesGiven(videos=[root])


def both(root):
    return FramesGiven(root, [root])


BAD = [
    (no_video, "expected one video of camera gate, such as gate.mp4 or gate/vdo.avi, got none"),
    (unknown_camera, "no camera 'gat'; did you mean 'gate'?"),
    (two_videos, "got several (gate.avi, gate.mp4)"),
    (short_video, "camera gate: expected frames 0 to 23 of its tracks, but"),
    (other_size, "expected frames of 32 x 32 pixels, as its first, got 64 x 48 in frame 1"),
    (text_as_video, "gate.mp4: cannot decode the video: Invalid data"),
    (both, "expected frames or videos, got both"),
    (lambda root: FramesGiven(root / "gone"), "gone: no such folder"),
    (FramesGiven, "expected one folder of camera gate, such as gate/000123.jpg, got none"),
    (lambda root: FramesGiven(str(root / "{kamera}" / "{frame}.jpg")), "expected a pattern with {frame}"),
    (lambda root: FramesGiven(str(root / "{camera}" / "{frame}.jpg")), "expected frames named by their numbers"),
    (lambda root: FramesGiven(root, first=1), "the number of the first frame is for videos"),
    (lambda _: FramesGiven(), "expected an image of each box alone"),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_what_cannot_be_cut_is_refused_in_one_line(tmp_path, tracks, embedder, make, message):
    with pytest.raises(ReseenError) as error:
        embed_tracks(tracks, tmp_path / "out", embedder=embedder, frames=make(tmp_path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_frames_of_another_size_than_the_tracks_files_say_are_refused(tmp_path, embedder):
    (tmp_path / "gate.txt").write_text("1,7,0,0,60,40,1,-1,-1,-1\n")
    (tmp_path / "gate").mkdir()
    (tmp_path / "gate" / "seqinfo.ini").write_text("[Sequence]\nimWidth=1920\nimHeight=1080\n")
    write_video(tmp_path / "gate.mp4")
    with pytest.raises(
        ReseenError, match="expected frames of 1920 x 1080 pixels, as the tracks' files say, got 64 x 48"
    ):
        embed_tracks(tmp_path / "gate.txt", tmp_path / "out", embedder=embedder, frames=FramesGiven(videos=[tmp_path]))
