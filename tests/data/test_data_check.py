"""`check`: the counts, each finding by what causes it, and nothing on a clean set."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reseen.data.check import check
from reseen.data.datasets import LAYOUTS
from reseen.data.datasets.layout import Count, PublishedCounts
from reseen.data.summary import CheckReport, Finding, Spread, summarise
from reseen.data.table import split_of
from reseen.errors import ReseenError


def only(report: CheckReport) -> Finding:
    assert len(report.findings) == 1, report.findings
    assert not report.clean
    return report.findings[0]


def test_a_clean_set_has_counts_and_no_findings(market: Path) -> None:
    told: list[tuple[int, int]] = []
    report = check(market, progress=lambda done, total: told.append((done, total)))
    assert report.clean
    assert (report.layout, report.root) == ("market1501", market)
    assert [(split.name, split.images, split.identities, split.cameras) for split in report.splits] == [
        ("train", 3, 2, 3), ("query", 2, 2, 2), ("gallery", 4, 4, 3),
    ]  # fmt: skip
    single, counts = report.notes
    assert single == "1 of 2 training identities have one image only: 0007"
    assert counts.startswith(
        "a small part or another set, since counts are not the published ones: train 3 of 2, not 12,936"
    )
    assert "gallery 3 of 3, not 15,913 of 751" in counts, "junk is not counted"
    assert told[-1] == (9, 9)
    assert len(told) == 9


def test_spreads_are_least_median_and_most() -> None:
    split = split_of(list("abcdefg"), ["x"] * 4 + ["y"] * 2 + ["z"], cameras=["1", "2", "2", None, "1", "1", None])
    summary = summarise("train", split)
    assert summary.images_per_identity == Spread(1, 2.0, 4)
    assert summary.cameras_per_identity == Spread(0, 1.0, 2)
    assert (summary.without_camera, summary.without_view, summary.views) == (2, 7, 0)
    empty = summarise("query", split_of([], []))
    assert (empty.images, empty.images_per_identity, empty.cameras_per_identity) == (0, None, None)


def test_a_query_image_in_veris_gallery_is_no_duplicate(veri: Path) -> None:
    assert check(veri).clean
    shutil.copy(veri / "image_test/0005_c014_00077630_0.jpg", veri / "image_query/0005_c014_00077631_0.jpg")
    found = only(check(veri))
    assert found.kind == "duplicate-across-splits", "under another name it is one"
    assert found.message.startswith("1 images")


def test_a_training_image_among_the_queries_is_a_duplicate_in_veri_too(veri: Path) -> None:
    shutil.copy(veri / "image_test/0005_c003_00077625_0.jpg", veri / "image_train/0009_c003_00077625_0.jpg")
    found = only(check(veri))
    assert found.kind == "duplicate-across-splits"
    assert found.examples[0].count(" = ") == 2


def test_duplicates_within_a_split_are_none(market: Path) -> None:
    train = market / "bounding_box_train"
    shutil.copy(train / "0002_c1s1_000451_03.jpg", train / "0002_c1s1_000452_03.jpg")
    assert check(market).clean


def test_duplicates_across_splits_are_paired_by_content(market: Path) -> None:
    shutil.copy(
        market / "bounding_box_train/0007_c3s1_010001_01.jpg", market / "bounding_box_test/0003_c4s1_000001_00.jpg"
    )
    found = only(check(market))
    assert found.examples == (
        "gallery: bounding_box_test/0003_c4s1_000001_00.jpg = train: bounding_box_train/0007_c3s1_010001_01.jpg",
    )


def test_queries_without_a_match_name_identities_and_cameras(market: Path, write_named: Callable[..., Path]) -> None:
    write_named(
        market, ["query/0001_c2s1_000009_00.jpg", "query/0011_c1s1_000001_00.jpg", "query/-1_c1s1_000001_00.jpg"]
    )
    for number, path in enumerate((market / "query").iterdir()):
        path.write_bytes(path.read_bytes() + bytes([number]))  # each of its own content
    absent, same = check(market).findings
    assert absent.kind == same.kind == "no-valid-match"
    assert "2 of 5 queries" in absent.message
    assert absent.examples == ("-1", "0011"), "junk in the gallery is nobody's match"
    assert same.message.startswith("1 of 5 queries")
    assert same.examples == ("0001 (camera 2)",)


def test_an_unknown_camera_is_never_the_same_camera(tmp_path: Path, write_named: Callable[..., Path]) -> None:
    write_named(tmp_path, [f"{row}.png" for row in range(3)])
    (tmp_path / "t.csv").write_text("path,identity,camera,split\n0.png,a,,train\n1.png,b,1,query\n2.png,b,,gallery\n")
    assert check(tmp_path).clean


def test_a_set_without_cameras_is_clean(tmp_path: Path, write_named: Callable[..., Path]) -> None:
    report = check(write_named(tmp_path, [f"{identity}/{row}.png" for identity in "abcd" for row in range(3)]))
    assert report.clean
    assert [split.cameras_per_identity for split in report.splits] == [None] * 3


def test_identities_on_both_sides_are_named(market: Path, write_image: Callable[..., Path]) -> None:
    write_image(market / "bounding_box_train/0003_c5s1_000001_00.jpg", seed=99)
    found = only(check(market))
    assert found.kind == "identity-on-both-sides"
    assert found.examples == ("0003",)
    assert "1 of 3 training identities" in found.message


def test_unreadable_images_are_named_with_the_reason(market: Path) -> None:
    broken = market / "bounding_box_train/0002_c1s1_000451_03.jpg"
    broken.write_bytes(broken.read_bytes()[:200])
    (market / "query/0001_c1s1_001051_00.jpg").write_bytes(b"")
    found = only(check(market))
    assert found.message == "2 of 9 images cannot be read"
    assert found.examples[0].startswith("bounding_box_train/0002_c1s1_000451_03.jpg: cannot read the image: ")
    assert found.examples[1].endswith("the file is empty (0 bytes)")


def test_names_that_do_not_parse_are_a_finding(market: Path, write_image: Callable[..., Path]) -> None:
    write_image(market / "query/holiday.jpg", seed=50)
    report = check(market)
    found = only(report)
    assert found.kind == "unparsed-names"
    assert found.examples == ("holiday.jpg",)
    assert "1 of 3 file names in query" in found.message


def test_what_cannot_be_read_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="no such folder"):
        check(tmp_path / "gone")


def test_a_check_is_printed_as_text(veri: Path, market: Path) -> None:
    report = check(veri)
    lines = report.tables().splitlines()
    assert lines[0].startswith(f"{veri} (veri776")
    assert lines[1].split() == [
        "split",
        "pictures",
        "identities",
        "cameras",
        "views",
        "pictures/identity",
        "cameras/identity",
    ]
    assert lines[2].split() == ["train", "2", "1", "2", "0", "2..2..2", "2..2..2"]
    assert len({len(line) for line in lines[1:]}) == 1
    note, verdict = report.lines()
    assert note.startswith("note: a small part or another set")
    assert verdict == "no findings"
    (market / "query/0001_c1s1_001051_00.jpg").write_bytes(b"")
    unreadable, note, _, verdict = check(market).lines()
    assert unreadable.startswith("unreadable: 1 of 9 images cannot be read: query/0001_c1s1_001051_00.jpg: ")
    assert note.startswith("note: 1 of 2 training identities")
    assert verdict == "1 finding"


def test_images_without_a_view_are_noted(veri: Path) -> None:
    pairs = " ".join(["-1 -1"] * 20)
    (veri / "keypoint_train.txt").write_text(f"0001_c001_00016450_0.jpg {pairs} 3\n")
    assert check(veri).notes[0] == "1 of 2 train images have no known view"


def test_a_damaged_copy_of_a_published_set_is_a_finding(market: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = PublishedCounts(train=Count(4, 2), query=Count(2, 2), gallery=Count(3, 3))
    known = {**LAYOUTS, "market1501": LAYOUTS["market1501"]._replace(published=(published,))}
    monkeypatch.setattr("reseen.data.check.LAYOUTS", known)
    found = only(check(market))
    assert found.kind == "published-counts"
    assert "train 3 of 2, not 4 of 2" in found.message
    known["market1501"] = known["market1501"]._replace(published=(published._replace(train=Count(3, 2)),))
    report = check(market)
    assert report.clean
    assert report.notes[-1] == "counts are the published ones"


def test_the_former_names_of_a_summarys_counts_warn(market) -> None:
    (train, *_) = check(market).splits
    with pytest.warns(DeprecationWarning, match=r"SplitSummary\.pictures is now images"):
        assert train.pictures == train.images
