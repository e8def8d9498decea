"""A chunk that a cluster hands out twice, because it has lost sight of the process that had it first."""

from collections.abc import Callable
from pathlib import Path

import polars
from PIL import Image

from reseen.files import write_json
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.job import PARTS, ChunkEmbedder


def test_a_chunk_done_twice_is_one_part_even_where_a_image_was_back_only_the_second_time(
    weights_file: Path, tmp_path: Path, image: Callable[..., Image.Image]
) -> None:
    paths = [str(tmp_path / f"{number}.png") for number in range(3)]
    for number, path in enumerate(paths):
        image(number, 0).save(path)
    out = tmp_path / "out"
    out.mkdir()
    write_json(out / "job.json", {})
    chunk = polars.DataFrame({"path": paths})
    embed = ChunkEmbedder(Embedder.from_pretrained(weights_file), out, batch=32, workers=1)
    Path(paths[1]).unlink()
    assert embed(chunk).embedded == 2
    image(1, 0).save(paths[1])
    assert embed(chunk).embedded == 3
    assert [sorted(polars.read_parquet(part)["path"]) for part in out.glob(PARTS)] == [paths]
