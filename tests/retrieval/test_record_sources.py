"""Folders, tables, data sets and embedding jobs become records."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars
import pytest

from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.retrieval.schema import GalleryModel
from reseen.retrieval.sources import read_source

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_the_fields_of_a_csv_are_typed_by_the_form_of_their_values(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(
        "path,identity,camera,time,left,top,right,bottom,plate,speed,towing,note\n"
        "a.jpg,0002,7,2026-05-01T14:00:00+02:00,1.5,2,9.2,10,0012,30,True,\n"
        "/b/c.jpg,,,,,,,,13,-2.5e1,false,x\n"
        "a.jpg,0003,7,,,,,,,,,\n"
    )
    total, records, model = read_source(table)
    first, second, third = records
    assert (total, model) == (3, None)
    assert (first.picture, first.identity, first.camera) == (tmp_path / "a.jpg", "0002", "7")
    assert (first.time, first.box) == (NOON, (1, 2, 10, 10))
    assert first.fields == {"plate": "0012", "speed": 30.0, "towing": True}
    assert (second.picture, second.identity, second.camera, second.time, second.box) == (Path("/b/c.jpg"), *[None] * 4)
    assert second.fields == {"plate": "13", "speed": -25.0, "towing": False, "note": "x"}
    assert (third.picture, third.fields) == (first.picture, {})


def test_the_fields_of_a_parquet_table_keep_their_types(tmp_path):
    frame = polars.DataFrame(
        {"path": ["a.jpg"], "identity": [7], "time": [NOON], "lane": [2], "seen": [NOON.date()], "towing": [True]}
    )
    frame.write_parquet(tmp_path / "t.parquet")
    (record,) = read_source(tmp_path / "t.parquet").records
    assert (record.identity, record.time - NOON) == ("7", timedelta(0))
    assert record.fields == {"lane": 2, "seen": "2026-05-01", "towing": True}


def test_records_come_from_an_image_a_folder_or_a_data_set(tmp_path, image, market):
    (tmp_path / "photos").mkdir()
    for name in ("b.png", "a.png"):
        image(1, 0).save(tmp_path / "photos" / name)
    assert [record.picture.name for record in read_source(tmp_path / "photos" / "b.png").records] == ["b.png"]
    assert [record.picture.name for record in read_source(tmp_path / "photos").records] == ["a.png", "b.png"]
    records = list(read_source(market(), split="query").records)
    assert {(record.identity, record.camera) for record in records} == {(f"000{row}", "1") for row in (7, 8, 9)}


def test_an_embedding_job_brings_its_vectors_and_their_model(tmp_path):
    write_json(tmp_path / "job.json", {"source": "run", "fingerprint": "0011", "width": 3})
    for part, rows in (("part-a.parquet", [0, 1]), ("part-b.parquet", [2])):
        vectors = np.array([[row, 1, 2] for row in rows], dtype=np.float32)
        frame = polars.DataFrame({"path": [f"/p/{row}.jpg" for row in rows], "camera": ["c"] * len(rows)})
        frame.with_columns(polars.Series("vector", vectors)).write_parquet(tmp_path / part)
    total, records, model = read_source(tmp_path)
    listed = list(records)
    assert (total, model) == (3, GalleryModel("0011", 3))
    np.testing.assert_array_equal([record.vector for record in listed], [[0, 1, 2], [1, 1, 2], [2, 1, 2]])
    assert [(str(record.picture), record.camera, dict(record.fields)) for record in listed] == [
        (f"/p/{row}.jpg", "c", {}) for row in range(3)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,time\na.jpg,2026-05-01\nb.jpg,noon\n", "row 3, counting a header: time: expected a date and time"),
        ("path,left,top,right,bottom\na.jpg,1,2,3,\n", "row 2, counting a header: box: expected numbers for left"),
        ("path,left,top,right,bottom\na.jpg,9,2,3,8\n", "expected left < right and top < bottom, got (9, 2, 3, 8)"),
        ("path,left,top,right,bottom\na.jpg,nan,2,3,8\n", "box: expected numbers"),
        ("file\na.jpg\n", "no column 'path'"),
    ],
)
def test_an_impossible_row_of_a_source_is_named(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ReseenError) as caught:
        list(read_source(tmp_path / "t.csv").records)
    assert message in str(caught.value)


def test_an_embedding_job_without_a_part_is_no_source_of_records(tmp_path):
    write_json(tmp_path / "job.json", {"source": "run", "fingerprint": "0011", "width": 3})
    with pytest.raises(ReseenError, match="no part of this embedding job is finished"):
        read_source(tmp_path)
