"""Frames of wildlife-datasets: told from other tables, their words for a split, and every row left out is noted."""

from collections.abc import Callable
from pathlib import Path

import polars
import pytest

from reseen.data.datasets import choose_layout, read_data
from reseen.errors import ReseenError

HEADER = "image_id,identity,path,date,orientation,species,split"
ROWS = [
    "0,t01,images/0.jpg,2014-07-03,left,turtle,train",
    "1,t01,images/1.jpg,2014-07-04,right,turtle,val",
    "2,t02,images/2.jpg,2014-07-05,,turtle,test",
    "3,t02,images/3.jpg,2014-07-06,left,turtle,test",
]


def test_columns_are_kept_and_the_orientation_is_the_view(wildlife: Callable[..., Path]) -> None:
    root = wildlife(HEADER, *ROWS)
    splits = read_data(root)
    assert (splits.layout, splits.root) == ("wildlife", root)
    assert splits.train.identities.tolist() == ["t01", "t01"]
    assert splits.train.views.tolist() == ["left", "right"]
    assert (len(splits.query), len(splits.gallery)) == (1, 1)
    assert splits.train.frame.columns == ["path", "identity", "camera", "view", "image_id", "date", "species"]
    assert splits.notes == ()


def test_a_table_without_the_frames_own_columns_stays_a_table(wildlife: Callable[..., Path]) -> None:
    root = wildlife("identity,path,split", "a,images/0.jpg,train", "b,images/1.jpg,query", "b,images/2.jpg,gallery")
    assert choose_layout(root) == "table"
    assert read_data(root, layout="wildlife").query.identities.tolist() == ["b"]
    wildlife("identity,path,species", "a,images/0.jpg,lynx", "b,images/1.jpg,lynx", "b,images/2.jpg,lynx")
    assert choose_layout(root) == "wildlife", "WildlifeReID-10k has no image_id"


def test_database_and_query_are_gallery_and_query(wildlife: Callable[..., Path]) -> None:
    rows = [
        "0,a,images/0.jpg,query",
        "1,a,images/1.jpg,database",
        "2,b,images/2.jpg,database",
        "3,c,images/3.jpg,train",
    ]
    splits = read_data(wildlife("image_id,identity,path,split", *rows))
    assert (len(splits.train), len(splits.query), len(splits.gallery)) == (1, 1, 2)


def test_withheld_query_identities_are_noted_and_the_rest_is_split(wildlife: Callable[..., Path]) -> None:
    rows = [f"{row},{'ab'[row % 2]},images/{row}.jpg,database" for row in range(4)]
    splits = read_data(
        wildlife("image_id,identity,path,split", *rows, "4,,images/4.jpg,query", "5,,images/5.jpg,query")
    )
    assert len(splits.train) + len(splits.query) + len(splits.gallery) == 4
    assert splits.notes == (
        "2 of 6 rows without a path or a known identity are left out",
        "all known identities are of split database: they are split here by identity",
    )


def test_unknown_crowded_and_repeated_images_are_left_out_and_counted(wildlife: Callable[..., Path]) -> None:
    rows = [
        "0,a,images/0.jpg,", "1,a,images/1.jpg,", "2,b,images/2.jpg,", "3,b,images/3.jpg,",
        "4,unknown,images/4.jpg,", "5,a,images/5.jpg,", '6,b,images/5.jpg,"[1, 2, 3, 4]"', '7,a,images/0.jpg,"[1, 2]"',
    ]  # fmt: skip
    splits = read_data(wildlife("image_id,identity,path,bbox", *rows))
    assert len(splits.train) + len(splits.query) + len(splits.gallery) == 4
    assert splits.notes == (
        "1 of 8 rows without a path or a known identity are left out",
        "2 of 8 rows of images with several animals are left out, images/5.jpg",
        "1 of 8 rows that name an image again are left out",
    )


def test_bounding_boxes_are_not_applied_and_that_is_noted(wildlife: Callable[..., Path]) -> None:
    rows = [f'{row},{"ab"[row % 2]},images/{row}.jpg,"[0, 0, 9, 9]"' for row in range(4)]
    splits = read_data(wildlife("image_id,identity,path,bbox", *rows))
    assert splits.notes == ("4 of 4 rows have a bounding box, which is not applied: images are taken whole",)


def test_an_original_split_is_used_when_its_words_are_known(wildlife: Callable[..., Path]) -> None:
    rows = [row.replace("val", "train") for row in ROWS]
    header = HEADER.replace("split", "original_split")
    assert read_data(wildlife(header, *rows)).train.identity_names == ("t01",)
    splits = read_data(wildlife(header, *[row.replace(",train", ",day 1") for row in rows]))
    assert "original_split" in splits.query.frame.columns, "left as it is, and split here"


def test_parquet_reads_like_csv(wildlife: Callable[..., Path]) -> None:
    root = wildlife(HEADER, *ROWS)
    from_csv = read_data(root)
    frame = polars.read_csv(root / "metadata.csv").with_columns(polars.col("image_id").cast(polars.Int64))
    (root / "metadata.csv").unlink()
    frame.write_parquet(root / "metadata.parquet")
    read = read_data(root)
    assert read.layout == "wildlife"
    for mine, theirs in zip((read.train, read.query), (from_csv.train, from_csv.query), strict=True):
        assert mine.frame.drop("image_id").equals(theirs.frame.drop("image_id"))


WRONG = {
    "expected split to say train, .*, got day 1$": [HEADER, ROWS[0].replace(",train", ",day 1")],
    r"expected split to say train, .*, got \(empty\)$": [HEADER, ROWS[0], ROWS[2].removesuffix("test")],
    "test, or query and database, got both": [HEADER, ROWS[2], ROWS[3].replace(",test", ",query")],
    "expected query and database rows, got only database, train": [
        HEADER,
        ROWS[0],
        ROWS[3].replace("test", "database"),
    ],
    "1 of 1 listed files do not exist: images/9.jpg": [HEADER, ROWS[0].replace("0.jpg", "9.jpg")],
    "of a known animal, got none among 1 rows": [HEADER, ROWS[0].replace("t01", "Unknown")],
    "expected a row per image of a known animal, got none among 0 rows": [HEADER],
    "got none named identity": ["image_id,path", "0,images/0.jpg"],
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_metadata_file_is_one_line(wildlife: Callable[..., Path], message: str) -> None:
    with pytest.raises(ReseenError, match=message) as caught:
        read_data(wildlife(*WRONG[message]), layout="wildlife")
    assert "\n" not in str(caught.value)
