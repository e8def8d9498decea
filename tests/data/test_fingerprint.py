"""The fingerprint follows content and tables, not the place."""

import shutil
from pathlib import Path

from reseen.data.datasets import read_data
from reseen.data.fingerprint import fingerprint


def test_a_fingerprint_is_the_same_wherever_the_set_lies(market: Path, tmp_path: Path) -> None:
    before = fingerprint(read_data(market))
    assert len(before) == 32
    assert int(before, 16) >= 0
    assert fingerprint(read_data(market)) == before
    moved = shutil.move(market, tmp_path / "elsewhere" / "renamed")
    assert fingerprint(read_data(moved)) == before


def test_a_fingerprint_changes_with_a_byte_a_name_and_a_label(market: Path) -> None:
    splits = read_data(market)
    found = {fingerprint(splits)}
    image = splits.gallery.paths[0]
    content = image.read_bytes()
    image.write_bytes(content + b"\0")
    found.add(fingerprint(splits))
    image.write_bytes(content)
    found.add(fingerprint(splits._replace(train=splits.query, query=splits.train)))
    renamed = splits.train.paths[0].rename(splits.train.paths[0].with_name("0002_c1s1_000452_03.jpg"))
    found.add(fingerprint(read_data(market)))
    renamed.rename(splits.train.paths[0].with_name("0008_c1s1_000451_03.jpg"))
    found.add(fingerprint(read_data(market)))
    assert len(found) == 5


def test_progress_counts_every_image(market: Path) -> None:
    told: list[tuple[int, int]] = []
    fingerprint(read_data(market), progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 9) for done in range(1, 10)]
