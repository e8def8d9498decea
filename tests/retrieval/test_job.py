"""The embedding job: parts that hold together, resumed where it stopped."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import polars
import pytest
from PIL import Image

from reseen.errors import ReseenError
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.job import PARTS, ChunkDone, ChunkEmbedder, embed_images, in_this_process
from reseen.retrieval.sources import read_source


@pytest.fixture
def embedder(weights_file: Path) -> Embedder:
    return Embedder.from_pretrained(weights_file)


@pytest.fixture
def table(tmp_path: Path, image: Callable[..., Image.Image]) -> Path:
    """Eleven images of which one is none, with a camera each."""
    rows = []
    for number in range(11):
        path = tmp_path / f"{number:02d}.png"
        image(number, 0).save(path)
        rows.append({"path": path.name, "camera": f"c{number % 2}"})
    (tmp_path / "04.png").write_bytes(b"no image")
    polars.DataFrame(rows).write_csv(tmp_path / "table.csv")
    return tmp_path / "table.csv"


def kept(out: Path) -> polars.DataFrame:
    return polars.read_parquet(out / PARTS).sort("path")


def failures(out: Path) -> list[str]:
    return [Path(path).name for path in polars.read_csv(out / "failures.csv")["path"]]


def test_the_parts_of_a_job_hold_its_rows_and_their_vectors(table: Path, tmp_path: Path, embedder: Embedder) -> None:
    out = tmp_path / "out"
    done = embed_images(table, out, embedder=embedder, batch=2, chunk=3)
    assert (done.embedded, done.before) == (10, 0)
    assert [Path(failure.path).name for failure in done.failures] == failures(out) == ["04.png"]
    assert "not an image" in polars.read_csv(out / "failures.csv")["error"][0]
    assert len(list(out.glob(PARTS))) == 4
    rows = kept(out)
    assert rows.columns == ["path", "camera", "vector"]
    assert rows.schema["vector"] == polars.Array(polars.Float32, embedder.width)
    assert rows["camera"].to_list() == [f"c{number % 2}" for number in range(11) if number != 4]
    np.testing.assert_allclose(rows["vector"].to_numpy(), embedder(rows["path"].to_list()), atol=1e-6)


def test_a_second_run_of_a_job_does_what_is_left_and_tries_failures_again(
    table: Path, tmp_path: Path, embedder: Embedder, image: Callable[..., Image.Image]
) -> None:
    out = tmp_path / "out"
    embed_images(table, out, embedder=embedder)
    first = {part.name: part.stat().st_mtime_ns for part in out.glob(PARTS)}
    again = embed_images(table, out, embedder=embedder)
    assert (again.embedded, again.before, len(again.failures)) == (0, 10, 1)
    image(4, 0).save(tmp_path / "04.png")
    mended = embed_images(table, out, embedder=embedder)
    assert (mended.embedded, mended.before, mended.failures) == (1, 10, [])
    assert failures(out) == []
    assert len(kept(out)) == 11
    assert all((out / name).stat().st_mtime_ns == when for name, when in first.items())


def test_a_stopped_job_keeps_its_parts(table: Path, tmp_path: Path, embedder: Embedder) -> None:
    out = tmp_path / "out"
    whole = in_this_process(ChunkEmbedder(embedder, out, batch=32, workers=None))

    def stopped(chunks: Iterable[polars.DataFrame]) -> Iterator[ChunkDone]:
        for number, done in enumerate(whole(chunks)):
            if number == 2:
                raise KeyboardInterrupt
            yield done

    with pytest.raises(KeyboardInterrupt):
        embed_images(table, out, embedder=embedder, runner=stopped, chunk=2)
    done = embed_images(table, out, embedder=embedder, chunk=2)
    assert done.before == 5, "three chunks of two, one of them with the failure"
    assert done.before + done.embedded == len(kept(out)) == 10
    assert kept(out)["path"].is_unique().all()


def test_vectors_of_two_networks_do_not_mix(table: Path, tmp_path: Path, embedder: Embedder) -> None:
    embed_images(table, tmp_path / "out", embedder=embedder)
    with pytest.raises(ReseenError, match=r"out: holds vectors of another network"):
        embed_images(table, tmp_path / "out", embedder=Embedder.from_pretrained())


def test_a_job_refuses_a_folder_that_holds_something_else(table: Path, tmp_path: Path, embedder: Embedder) -> None:
    with pytest.raises(ReseenError, match="is not empty and holds no embedding job"):
        embed_images(table, tmp_path, embedder=embedder)
    (tmp_path / "file").touch()
    with pytest.raises(ReseenError, match="the folder cannot be made"):
        embed_images(table, tmp_path / "file" / "out", embedder=embedder)
    with pytest.raises(ValueError, match="at least 1 image"):
        embed_images(table, tmp_path / "out", embedder=embedder, chunk=0)


def test_a_job_refuses_a_table_that_has_a_column_vector(tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "t.csv").write_text("path,vector\na.jpg,1\n")
    with pytest.raises(ReseenError, match="has a column vector already"):
        embed_images(tmp_path / "t.csv", tmp_path / "out", embedder=embedder)


def test_a_job_embeds_the_new_rows_of_a_source_that_has_grown(table: Path, tmp_path: Path, embedder: Embedder) -> None:
    whole = table.read_text()
    table.write_text("".join(whole.splitlines(keepends=True)[:4]))
    embed_images(table, tmp_path / "out", embedder=embedder)
    table.write_text(whole)
    done = embed_images(table, tmp_path / "out", embedder=embedder)
    assert (done.embedded, done.before) == (7, 3)


def test_a_table_to_embed_may_have_columns_of_any_name(table: Path, tmp_path: Path, embedder: Embedder) -> None:
    columns = [polars.lit(word).alias(word) for word in ("lane", "lane now", "_there")]
    polars.read_csv(table).with_columns(columns).write_csv(table)
    for expected in ((10, 0), (0, 10)):
        done = embed_images(table, tmp_path / "out", embedder=embedder)
        assert (done.embedded, done.before) == expected


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("00.png,c0", "00.png,c7", r"begun with other rows: 1 of 10 are gone or changed, such as .*00\.png"),
        ("00.png,c0", "00.png,", r"begun with other rows: 1 of 10 are gone or changed"),
        ("01.png,c1\n", "", r"begun with other rows: 1 of 10 are gone or changed, such as .*01\.png"),
        (
            "path,camera",
            "path,place",
            r"begun with other columns: expected path \(String\), place \(String\), got path",
        ),
    ],
)
def test_a_job_refuses_a_source_whose_embedded_rows_have_changed(
    table: Path, tmp_path: Path, embedder: Embedder, old: str, new: str, said: str
) -> None:
    embed_images(table, tmp_path / "out", embedder=embedder)
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(ReseenError, match=said) as raised:
        embed_images(table, tmp_path / "out", embedder=embedder)
    assert "\n" not in str(raised.value)


def test_a_folder_with_brackets_in_its_name_is_no_pattern(table: Path, tmp_path: Path, embedder: Embedder) -> None:
    inside = tmp_path / "set [1]*?"
    inside.mkdir()
    for path in (*tmp_path.glob("*.png"), table):
        path.rename(inside / path.name)
    for before in (0, 10):
        assert embed_images(inside / "table.csv", inside / "out", embedder=embedder).before == before
    assert sum(1 for _ in read_source(inside / "out").records) == 10
