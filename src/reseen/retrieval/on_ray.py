"""Embedding jobs on Ray Data: chunks spread over processes of this machine or of a cluster."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import polars
import torch

from reseen.errors import ReseenError
from reseen.extras import extra
from reseen.retrieval.embedder import BATCH, Decoding, Embedder
from reseen.retrieval.job import ChunkDone, ChunkEmbedder, FailedImage, Runner


class _Work(NamedTuple):
    """The settings of every process: the network's source, the folder of the parts, the device, batch and decoding."""

    source: str
    out: Path
    device: str
    batch: int
    decode: Decoding


class _Actor:
    """One process of the pool, which loads the network once."""

    def __init__(self, work: _Work) -> None:
        torch.set_num_threads(1)  # there is one process for each core
        embedder = Embedder.from_pretrained(work.source, device=work.device, decode=work.decode)
        self._embed = ChunkEmbedder(embedder, work.out, batch=work.batch, workers=1)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        done = self._embed(polars.read_ipc(BytesIO(row["chunk"])))
        return {"embedded": done.embedded, "failures": [list(failure) for failure in done.failures]}


def on_ray(
    embedder: Embedder,
    out: Path,
    *,
    batch: int = BATCH,
    device: str = "cpu",
    address: str | None = None,
    processes: int | None = None,
) -> Runner:
    """Make a runner for `embed_images` that uses Ray.

    On a cluster, every machine must see the network, the images and ``out`` under the same paths.

    Args:
        embedder: The network, which each process loads from the same source.
        out: The folder of the job.
        batch: Images in one pass of the network.
        device: PyTorch's name of the device.
        address: The Ray cluster's address; by default processes of this machine, or the cluster that is joined already.
        processes: The largest number of processes; by default one for each core, or for each GPU on such a device.

    Raises:
        ReseenError: Ray is not installed; and, once the runner runs, the cluster cannot be reached.
    """
    with extra("ray"):
        import ray
        import ray.data
    source = str(Path(embedder.source).absolute()) if Path(embedder.source).exists() else embedder.source
    work = _Work(source, out.absolute(), device, batch, embedder.decode)

    def run(chunks: Iterable[polars.DataFrame]) -> Iterator[ChunkDone]:
        rows = [{"chunk": _packed(chunk)} for chunk in chunks]
        if not rows:
            return
        with _joined(ray, address):
            on_gpu = device.startswith("cuda")
            there = int(ray.cluster_resources().get("GPU" if on_gpu else "CPU", 1))
            most = max(1, min(processes or there, there, len(rows)))
            needs = {"num_gpus": 1} if on_gpu else {"num_cpus": 1}
            data = ray.data.from_items(rows, override_num_blocks=len(rows))
            done = data.map(_Actor, fn_constructor_args=(work,), compute=ray.data.ActorPoolStrategy(size=most), **needs)
            for row in done.iter_rows():
                yield ChunkDone(row["embedded"], [FailedImage(*failure) for failure in row["failures"]])

    return run


def _packed(chunk: polars.DataFrame) -> bytes:
    file = BytesIO()
    chunk.write_ipc(file)
    return file.getvalue()


@contextmanager
def _joined(ray: Any, address: str | None) -> Iterator[None]:
    """Connect to the cluster, quietly; an existing connection is kept."""
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(
            address=address or "local",
            include_dashboard=None if address else False,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    except Exception as error:  # noqa: BLE001 - Ray raises bare Exceptions
        where = f"the Ray cluster at {address} was not reached" if address else "Ray did not start on this machine"
        raise ReseenError(f"{where}: {str(error).strip().splitlines()[0]}") from None
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        yield
    finally:
        ray.shutdown()
