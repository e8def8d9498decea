"""Linking tracks as a job: from crops to links and scores, resumed, refused where the folder is another's."""

import json

import numpy as np
import polars
import pytest

import reseen
from reseen.errors import ReseenError
from reseen.linking.pooling import Switch, pool
from reseen.retrieval import Embedder


def write_town(root, draw_image, *, individuals=6, cameras=3):
    """A table of tracks with four crops each, and its truth; individuals start 40 s apart, cameras are 20 s apart."""
    boxes, truth = [], []
    for who in range(individuals):
        for camera in range(cameras):
            for shot in range(4):
                name = f"{who}-{camera}-{shot}.png"
                draw_image(who, 4 * camera + shot, size=32).save(root / name)
                place = {"camera": f"c{camera}", "frame": 400 * who + 200 * camera + shot}
                side = {"left": 20.0 + 3 * shot, "top": 20.0, "width": 20.0, "height": 20.0}
                boxes.append({**place, "track": f"{who}", **side, "image": name})
                truth.append({**place, "identity": f"v{who}", **side})
    polars.DataFrame(boxes).write_csv(root / "tracks.csv")
    polars.DataFrame(truth).write_csv(root / "truth.csv")
    return root / "tracks.csv"


@pytest.fixture
def tracks(tmp_path, image):
    (tmp_path / "town").mkdir()
    return write_town(tmp_path / "town", image)


@pytest.fixture
def embedder(weights_file):
    return Embedder.from_pretrained(weights_file)


def test_links_and_scores_are_written(tracks, tmp_path, embedder):
    out = tmp_path / "out"
    done = reseen.link_tracks(tracks, out, embedder=embedder, truth=tracks.with_name("truth.csv"), images=2)
    links = polars.read_csv(out / "links.csv", infer_schema=False)
    assert links.columns == ["camera", "track", "identity"]
    assert len(links) == 18
    scores = json.loads((out / "scores.json").read_text())
    assert scores["idf1"] == done.scores.several_cameras.idf1.value
    assert {"idp", "idr", "hota", "association", "purity", "pair_precision", "intervals"} <= set(scores)
    assert scores["all_identities"]["detection"] == pytest.approx(1)
    linking = json.loads((out / "linking.json").read_text())
    assert linking["settings"]["linkage"] == "average"
    vectors = polars.read_parquet(out / "vectors" / "part-*.parquet")
    assert len(vectors) == 18 * 2


def test_kinds_are_linked_and_scored_each_by_itself(tracks, tmp_path, embedder):
    truth = tracks.with_name("truth.csv")
    for table, name in ((tracks, "track"), (truth, "identity")):
        rows = polars.read_csv(table, infer_schema=False)
        even = rows[name].str.strip_prefix("v").cast(polars.Int64) % 2 == 0
        rows.with_columns(kind=polars.when(even).then(polars.lit("person")).otherwise(polars.lit("vehicle"))).write_csv(
            table
        )
    done = reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder, truth=truth, images=2)
    kinds = done.links.with_columns(even=polars.col("track").cast(polars.Int64) % 2)
    assert kinds.group_by("identity").agg(polars.col("even").n_unique())["even"].max() == 1
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert set(scores["kinds"]) == {"person", "vehicle"}
    assert scores["kinds"]["person"]["idf1"] == done.scores.kinds["person"].idf1.value
    found = [scores["kinds"][kind]["idf1"] for kind in ("person", "vehicle")]
    assert min(found) - 1e-9 <= scores["idf1"] <= max(found) + 1e-9
    linking = json.loads((tmp_path / "out" / "linking.json").read_text())
    assert all("kind" in row for row in linking["ways"] + linking["doubts"])


def test_tracks_that_name_no_kind_have_no_score_of_one(tracks, tmp_path, embedder):
    truth = tracks.with_name("truth.csv")
    rows = polars.read_csv(truth, infer_schema=False)
    even = rows["identity"].str.strip_prefix("v").cast(polars.Int64) % 2 == 0
    kinds = polars.when(even).then(polars.lit("person")).otherwise(polars.lit("vehicle"))
    rows.with_columns(kind=kinds).write_csv(truth)
    done = reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder, truth=truth, images=2)
    assert done.scores.kinds == {}


def test_a_kind_of_the_topology_that_no_track_has_is_refused_before_anything_is_embedded(tracks, tmp_path, embedder):
    (tmp_path / "roads.csv").write_text("from,to,shortest,longest,kind\nc0,c1,1,9,person\n")
    with pytest.raises(ReseenError, match=r"roads.csv: a window is of kind 'person', but no track says"):
        reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder, topology=tmp_path / "roads.csv")
    assert not (tmp_path / "out" / "vectors").exists()


def test_the_same_command_embeds_nothing_twice_and_other_settings_link_again(tracks, tmp_path, embedder, monkeypatch):
    out = tmp_path / "out"
    first = reseen.link_tracks(tracks, out, embedder=embedder).links
    part = next((out / "vectors").glob("part-*.parquet")).stat().st_mtime_ns
    second = reseen.link_tracks(tracks, out, embedder=embedder, offsets={"c1": 5.0})
    assert second.links.equals(first)
    assert next((out / "vectors").glob("part-*.parquet")).stat().st_mtime_ns == part
    assert not (out / "scores.json").exists()


def test_a_stopped_linking_is_continued(tracks, tmp_path, embedder, monkeypatch):
    whole = reseen.link_tracks(tracks, tmp_path / "whole", embedder=embedder).links
    with monkeypatch.context() as patch:
        patch.setattr("reseen.retrieval.link_tracks.link", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder)
    assert not (tmp_path / "out" / "links.csv").exists()
    assert reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder).links.equals(whole)


def test_a_folder_of_other_tracks_or_of_something_else_is_refused(tracks, tmp_path, embedder, image):
    (tmp_path / "other").mkdir()
    other = write_town(tmp_path / "other", image, individuals=3)
    reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder)
    with pytest.raises(ReseenError, match="holds a linking of other tracks"):
        reseen.link_tracks(other, tmp_path / "out", embedder=embedder)
    with pytest.raises(ReseenError, match="not empty and holds no linking"):
        reseen.link_tracks(tracks, tmp_path / "other", embedder=embedder)


def test_a_track_without_a_readable_image_is_an_identity_of_its_own(tracks, tmp_path, embedder):
    for shot in range(4):
        (tracks.parent / f"0-0-{shot}.png").write_bytes(b"no image")
    done = reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder)
    alone = done.links.filter((polars.col("camera") == "c0") & (polars.col("track") == "0"))["identity"][0]
    assert (done.links["identity"] == alone).sum() == 1
    assert any(line.startswith("1 of 18 tracks have no image") for line in done.warnings)
    assert len(done.failures) == 4


def test_bad_input_is_one_line(tracks, tmp_path, embedder):
    (tmp_path / "roads.csv").write_text("from,to,shortest,longest\nc0,c9,1,2\n")
    out = tmp_path / "out"
    with pytest.raises(ReseenError, match=r"roads\.csv: .*c9"):
        reseen.link_tracks(tracks, out, embedder=embedder, topology=tmp_path / "roads.csv")
    with pytest.raises(ReseenError, match=r"offsets: .*c9"):
        reseen.link_tracks(tracks, out, embedder=embedder, offsets={"c9": 1.0})
    bare = polars.read_csv(tracks).drop("image")
    bare.write_csv(tracks.with_name("bare.csv"))
    with pytest.raises(ReseenError, match="expected an image of each box alone"):
        reseen.link_tracks(tracks.with_name("bare.csv"), out, embedder=embedder)
    with pytest.raises(ReseenError, match="at least 1 image"):
        reseen.link_tracks(tracks, out, embedder=embedder, images=0)
    assert not out.exists()


def test_images_are_taken_over_the_whole_length_of_a_track(tmp_path, image):
    from reseen.data.tracks import read_tracks
    from reseen.retrieval.track_images import chosen_images

    (tmp_path / "town").mkdir()
    tracks = read_tracks(write_town(tmp_path / "town", image))
    frames = chosen_images(tracks, images=2)["frame"].to_numpy() % 200
    assert np.isin(frames[::2], (0, 1)).all()
    assert np.isin(frames[1::2], (2, 3)).all()


def test_a_track_of_two_individuals_is_linked_by_parts_and_keeps_one_row(tracks, tmp_path, embedder, monkeypatch):
    def noticed(rows, vectors, *, spans):
        return pool(rows, vectors, spans=spans)._replace(switches=(Switch("c1", "2", 100.3),))

    monkeypatch.setattr("reseen.retrieval.track_images.pool", noticed)
    done = reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder, truth=tracks.with_name("truth.csv"))
    assert len(done.linking.identities) == len(done.links) + 1
    halves = polars.read_csv(tmp_path / "out" / "splits.csv", infer_schema=False)
    assert halves.select("camera", "track", "begin", "boxes").rows() == [
        ("c1", "2", "100.0", "3"),
        ("c1", "2", "100.3", "1"),
    ]
    links = polars.read_csv(tmp_path / "out" / "links.csv", infer_schema=False)
    row = links.filter((polars.col("camera") == "c1") & (polars.col("track") == "2"))
    assert row["identity"].to_list() == [halves["identity"][0]]
    assert {"idf1", "association"} <= set(json.loads((tmp_path / "out" / "scores.json").read_text())["parts"])
    monkeypatch.undo()
    again = reseen.link_tracks(tracks, tmp_path / "out", embedder=embedder)
    assert not again.switches
    assert not (tmp_path / "out" / "splits.csv").exists()
