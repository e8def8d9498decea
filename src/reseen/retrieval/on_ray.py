"""Embedding jobs on Ray: chunks spread over processes of this machine or of a cluster."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import polars

from reseen.retrieval.embedder import BATCH, Embedder
from reseen.retrieval.embedder_source import EmbedderSource
from reseen.retrieval.job import ChunkDone, ChunkEmbedder, Runner
from reseen.retrieval.ray_pool import RayPool


class _Work(NamedTuple):
    """The settings of every process: the network, the folder of the parts, and the images in a pass."""

    network: EmbedderSource
    out: Path
    batch: int

    def make(self) -> ChunkEmbedder:
        """What a process embeds its chunks by."""
        return ChunkEmbedder(self.network.load(), self.out, batch=self.batch, workers=1)


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
    pool = RayPool(device=device, address=address, processes=processes)
    work = _Work(EmbedderSource.of(embedder, device=pool.device), out.absolute(), batch)

    def run(chunks: Iterable[polars.DataFrame]) -> Iterator[ChunkDone]:
        return pool(work.make, chunks)

    return run
