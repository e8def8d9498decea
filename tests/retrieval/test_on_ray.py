"""Embedding jobs and additions to galleries on Ray: the vectors and records of one process, whichever process dies."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars
import pytest
from PIL import Image

from reseen.errors import ReseenError
from reseen.retrieval import ray_pool
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.embedder_source import EmbedderSource
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.job import PARTS, embed_images
from reseen.retrieval.ray_pool import RayPool
from reseen.retrieval.record import Added, Record
from reseen.retrieval.schema import GalleryModel
from reseen.retrieval.sources import read_source
from shared import made_once

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

SUPPORT = Path(__file__).parents[1] / "support"
PATIENT = {
    "RAY_agent_register_timeout_ms": "300000",
    "RAY_raylet_start_wait_time_s": "300",
    "RAY_worker_niceness": "0",
}
"""Ray's own processes take their time on a busy machine, where its workers would wait for all others besides."""
PROGRAM = """
import contextlib, io, json, sys
from functools import partial
from pathlib import Path

import polars
import ray
from object_store import object_store
from ray_witness import WatchedPool, failing
from reseen.cli import main
from reseen.errors import ReseenError
from reseen.retrieval import Gallery, RayPool, read_source
from reseen.retrieval.ray_pool import _joined

def said(*words):
    sys.argv, out = ["reseen", *words, "--model", model, "--quiet", "--ray"], io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main()
    return out.getvalue()

def dump(gallery, name):
    polars.from_arrow(gallery._store.table.to_arrow()).sort("id").write_parquet(name)

if __name__ == "__main__":
    table, model = sys.argv[1:]
    told = {}
    with _joined(ray, None):
        told["embed"] = said("embed", table, "--out", "vectors", "--chunk", "4", "--processes", "1")
        told["add"] = said("gallery", "add", "gallery", table, "--batch", "2", "--processes", "1")
        dump(Gallery("gallery"), "gallery.parquet")
        with object_store() as store:
            vectors = read_source(Path("vectors"))
            gallery = Gallery("s3://bucket/g", model=vectors.model, create=True, storage_options=store.options)
            told["store"] = gallery.add(vectors.records, batch=2, pool=WatchedPool(Path.cwd()))._asdict()
            dump(gallery, "store.parquet")
        try:
            list(RayPool(processes=1)(partial(failing, "it is gone"), [1]))
        except ReseenError as error:
            told["error"] = str(error)
    Path("told.json").write_text(json.dumps(told))
"""


class Here(NamedTuple):
    """The folder of the table with what the processes made, and what this process adds to a gallery of its own."""

    folder: Path
    gallery: Gallery
    added: Added

    @property
    def told(self) -> dict:
        return json.loads((self.folder / "told.json").read_text())


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, image: Callable[..., Image.Image], weights_file: Path) -> Here:
    """Eleven images of which one is none, embedded and added by Ray's processes, and by this one."""

    def make(folder: Path) -> None:
        rows = []
        for number in range(11):
            image(number, 0).save(folder / f"{number:02d}.png")
            rows.append(
                {"path": f"{number:02d}.png", "camera": f"c{number % 2}", "lane": number if number > 3 else None}
            )
        (folder / "04.png").write_bytes(b"no image")
        polars.DataFrame(rows).write_csv(folder / "table.csv")
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, folder / "table.csv", weights_file],
            cwd=folder,
            env={**os.environ, **PATIENT, "PYTHONPATH": os.pathsep.join([str(SUPPORT), *sys.path])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")

    folder = made_once(tmp_path_factory, "on_ray", make)
    gallery = Gallery(
        tmp_path_factory.mktemp("here"), embedder=Embedder.from_pretrained(weights_file), create=True, upkeep=False
    )
    return Here(folder, gallery, gallery.add(read_source(folder / "table.csv").records, on_error="skip"))


def require_same_records(found: Path, gallery: Gallery) -> None:
    """The records of a gallery are those of the other one."""
    expected = polars.from_arrow(gallery._store.table.to_arrow()).sort("id")
    records = polars.read_parquet(found).select(expected.columns)
    assert records.drop("vector").equals(expected.drop("vector"))
    np.testing.assert_allclose(records["vector"].to_numpy(), expected["vector"].to_numpy(), atol=1e-6)


def test_a_job_on_ray_gives_the_vectors_of_one_in_this_process(here: Here, tmp_path: Path) -> None:
    embed_images(here.folder / "table.csv", tmp_path / "out", embedder=here.gallery.embedder)
    assert "10 embeddings" in here.told["embed"]
    assert "1 images failed" in here.told["embed"]
    expected, kept = (
        polars.read_parquet(out / PARTS).sort("path") for out in (tmp_path / "out", here.folder / "vectors")
    )
    assert kept["path"].equals(expected["path"])
    assert len(list((here.folder / "vectors").glob(PARTS))) == 3
    np.testing.assert_allclose(kept["vector"].to_numpy(), expected["vector"].to_numpy(), atol=1e-6)
    assert polars.read_csv(here.folder / "vectors" / "failures.csv")["path"][0].endswith("04.png")


def test_a_process_of_ray_adds_to_a_gallery_in_a_folder_what_this_one_adds(here: Here) -> None:
    assert "10 records added; it holds 10\n1 images could not be added:\n" in here.told["add"]
    assert "04.png: cannot read the image" in here.told["add"]
    require_same_records(here.folder / "gallery.parquet", here.gallery)


def test_processes_of_which_one_dies_add_to_an_object_store_what_one_process_adds(here: Here, tmp_path: Path) -> None:
    assert len(list(here.folder.glob("process *"))) == 3
    assert (here.folder / "died").exists()
    vectors = read_source(here.folder / "vectors")
    gallery = Gallery(tmp_path / "g", model=vectors.model, create=True, upkeep=False)
    added = gallery.add(vectors.records)
    require_same_records(here.folder / "store.parquet", gallery)
    told = here.told["store"]
    assert (added.added, told["present"] > 0) == (10, True)
    assert told["added"] + told["present"] == 10
    assert told["ids"] == list(added.ids)


def test_an_error_in_a_process_of_ray_is_its_line_alone(here: Here) -> None:
    assert here.told["error"] == "it is gone"


class Backwards:
    """A pool that does its tasks in this process, the last first."""

    device = "cpu"

    def __call__(self, make: Callable[[], Callable], tasks: Iterable) -> Iterator:
        yield from map(make(), reversed(list(tasks)))


def test_what_processes_add_is_told_in_the_order_of_the_input(here: Here, tmp_path: Path) -> None:
    given = partial(read_source, here.folder / "table.csv")
    gallery = Gallery(tmp_path / "g", embedder=here.gallery.embedder, create=True, upkeep=False)
    with pytest.raises(ReseenError, match=r"04\.png: cannot read the image"):
        gallery.add(given().records, batch=5, pool=Backwards())
    assert len(gallery) == 6
    told = gallery.add(given().records, batch=2, on_error="skip", pool=Backwards())
    assert (told.added, told.present) == (4, 6)
    assert (told.ids, told.failures) == (here.added.ids, here.added.failures)


def test_processes_are_refused_for_a_gallery_in_the_memory_of_this_one() -> None:
    gallery = Gallery("memory://", model=GalleryModel("drawn", 2), create=True)
    with pytest.raises(
        ReseenError, match=r"^memory://: only this process has the gallery: add without a pool, or to a folder$"
    ):
        gallery.add([Record(vector=[1, 0])], pool=Backwards())
    assert len(gallery) == 0


def test_ray_starts_once_for_all_calls_of_a_pool_that_is_kept_and_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[object] = []

    @contextmanager
    def joined(*_: object) -> Iterator[None]:
        """As the real one: what has begun is kept."""
        begun = "begin" in did and "end" not in did
        did.extend([] if begun else ["begin"])
        yield
        did.extend([] if begun else ["end"])

    monkeypatch.setattr(ray_pool, "_joined", joined)
    monkeypatch.setattr(RayPool, "_results", lambda _, make, tasks: map(make(), tasks))
    with RayPool() as pool:
        for number in (1, 2):
            did.extend(pool(lambda: abs, [number]))
        assert list(pool(lambda: abs, [])) == []
    assert did == ["begin", 1, 2, "end"]
    del did[:]
    with pool, pytest.raises(ValueError, match="this pool is kept already"), pool:
        pass
    did.extend(pool(lambda: abs, [3]))
    assert did == ["begin", 3, "end"]


def test_a_process_refuses_a_network_that_is_not_the_one_of_the_call(weights_file: Path) -> None:
    source = EmbedderSource.of(Embedder.from_pretrained(weights_file), device="cpu")
    assert source.load().fingerprint == source.fingerprint
    with pytest.raises(ReseenError, match=r"best\.safetensors: expected network abc, got .* needs the same file there"):
        source._replace(fingerprint="abc").load()


def test_a_pool_without_ray_or_processes_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="at least 1 process, got 0"):
        RayPool(processes=0)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ReseenError, match=r"--ray needs ray: pip install 'reseen\[ray\]'"):
        RayPool()
