"""The service under load: clients that search without pause, then a long row of requests while its memory is watched.

    python benchmarks/service.py PICTURES [--model RUN] [--clients 8] [--seconds 60] [--requests 10000]

PICTURES is a folder of image files, which are also what the gallery is filled with. The service runs in a process of
its own, the clients in this one, on the same cores. Prints errors, searches a second, latencies and the images a pass
of the network held; then the service's memory as requests go by, every tenth of which is no image.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
import psutil

from reseen.data.walking import SUFFIXES
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record

MEGABYTE = 1 << 20


class Served(NamedTuple):
    """The service's process and the port it listens on."""

    process: psutil.Process
    port: int


def main() -> None:
    """Measure and print."""
    options = arguments()
    files = sorted(file for file in options.images.rglob("*") if file.suffix.lower() in SUFFIXES)[: options.records]
    images = [file.read_bytes() for file in files]
    with tempfile.TemporaryDirectory() as folder:
        gallery = Gallery(f"{folder}/gallery", embedder=Embedder.from_pretrained(options.model), create=True)
        gallery.add(Record(picture=file, camera=file.parent.name) for file in files)
        with serving(f"{folder}/gallery", model=options.model) as served:
            ask(served.port, images[:50])
            under_load(served, images, clients=options.clients, seconds=options.seconds)
            watch_memory(served, images, requests=options.requests, clients=options.clients)


@contextmanager
def serving(gallery: str, *, model: str) -> Iterator[Served]:
    """`reseen serve`, without a share of requests for each address."""
    words = ["serve", gallery, "--model", model, "--port", "0", "--rate", "1000000"]
    command = [sys.executable, "-c", "from reseen.cli import main; main()", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r" at http://127\.0\.0\.1:(\d+)/", line):
                break
        else:
            raise SystemExit("the service did not come up")
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield Served(psutil.Process(process.pid), int(found[1]))
        process.terminate()


def ask(port: int, images: Sequence[bytes], *, until: float = float("inf")) -> tuple[Counter[int], list[float]]:
    """Search for each image over one connection: how many answers of each status, and the seconds of each."""
    statuses: Counter[int] = Counter()
    seconds = []
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    for image in images:
        began = perf_counter()
        if began > until:
            break
        connection.request("POST", "/search?k=10", body=image)
        answer = connection.getresponse()
        answer.read()
        seconds.append(perf_counter() - began)
        statuses[answer.status] += 1
    connection.close()
    return statuses, seconds


def in_parallel(
    port: int, shares: Sequence[Sequence[bytes]], *, until: float = float("inf")
) -> tuple[Counter[int], list[float]]:
    """One client for each share."""
    statuses: Counter[int] = Counter()
    seconds: list[float] = []

    def client(share: Sequence[bytes]) -> None:
        found, took = ask(port, share, until=until)
        statuses.update(found)
        seconds.extend(took)

    threads = [threading.Thread(target=client, args=[share]) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, seconds


def under_load(served: Served, images: Sequence[bytes], *, clients: int, seconds: float) -> None:
    """All clients search without pause."""
    many = 1 + int(seconds * 1000 / len(images))
    draw = np.random.default_rng(0)
    shares = [[images[row] for row in draw.permutation(len(images))] * many for _ in range(clients)]
    before, busy = passes(served.port), processor_seconds(served)
    began = perf_counter()
    statuses, took = in_parallel(served.port, shares, until=began + seconds)
    spent = perf_counter() - began
    middle, slow = np.percentile(np.array(took) * 1000, [50, 95])
    number, held = (after - early for after, early in zip(passes(served.port), before, strict=True))
    errors = sum(count for status, count in statuses.items() if status != 200)
    print(f"{clients} clients, {spent:.0f} s   {len(took):,} searches, {errors} errors")
    print(f"pictures/s            {len(took) / spent:8.1f}")
    print(f"latency               {middle:8.1f} ms median, {slow:.1f} ms p95")
    each = (processor_seconds(served) - busy) / len(took) * 1000
    print(f"processor time        {each:8.1f} ms a search, the service's own")
    print(f"images a pass       {held / number:8.1f}")


def watch_memory(served: Served, images: Sequence[bytes], *, requests: int, clients: int) -> None:
    """So many requests in ten parts, and the memory after each."""
    sizes = [served.process.memory_info().rss / MEGABYTE]
    statuses: Counter[int] = Counter()
    for _ in range(10):
        rows = range(requests // 10)
        bodies = [images[row % len(images)] if row % 10 else images[row % len(images)][:200] for row in rows]
        found, _took = in_parallel(served.port, [bodies[start::clients] for start in range(clients)])
        statuses.update(found)
        sizes.append(served.process.memory_info().rss / MEGABYTE)
    slope = statistics.linear_regression(range(5), sizes[-5:]).slope * 10
    print(f"memory, MB            {' '.join(f'{size:.0f}' for size in sizes)} after each {requests // 10:,} requests")
    print(f"growth                {slope:8.2f} MB in {requests:,} requests, by the last half; answers {dict(statuses)}")
    print(f"open files            {served.process.num_fds():8d}")


def processor_seconds(served: Served) -> float:
    """What the service's process has used so far."""
    times = served.process.cpu_times()
    return float(times.user + times.system)


def passes(port: int) -> tuple[float, float]:
    """How often the network ran, and the images it saw."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    number, held = (
        float(re.findall(rf"^reseen_batch_pictures_{part} (\S+)", text, re.MULTILINE)[0]) for part in ("count", "sum")
    )
    return number, held


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--requests", type=int, default=10_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
