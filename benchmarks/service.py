"""The service under load beside `reseen embed` with the same network, in turn, and its memory over many requests.

    python benchmarks/service.py IMAGES [--model RUN or EXPORT] [--clients 8] [--seconds 10] [--rounds 3]
        [--requests 10000]

IMAGES is a folder of image files, which are also what the gallery is filled with. The service runs in a process of
its own; the clients in another one on the same cores, over connections that stay open, with raw sockets, and what they
cost is told. In each round `reseen embed`'s loop runs for so many seconds, and then the clients; the ratios are medians
of rounds. Then the service's memory as requests go by, every tenth of which is no image.
"""

import argparse
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time, time
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


class Answers(NamedTuple):
    """How many answers of each status, the seconds of each, and processor seconds of the clients' own process."""

    statuses: Counter[int]
    seconds: list[float]
    processor: float = 0.0


class Load(NamedTuple):
    """Searches of some seconds: their ``rate`` a second, processor milliseconds a search, and images of a pass."""

    searches: int
    errors: int
    rate: float
    latencies: list[float]
    service: float
    clients: float
    a_pass: float


class Embedded(NamedTuple):
    """The rate of `reseen embed`'s own loop, and its processor milliseconds an image."""

    rate: float
    processor: float


def main() -> None:
    """Measure and print."""
    options = arguments()
    files = sorted(file for file in options.images.rglob("*") if file.suffix.lower() in SUFFIXES)[: options.records]
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        gallery = Gallery(f"{folder}/gallery", embedder=Embedder.from_pretrained(options.model), create=True)
        gallery.add(Record(picture=file, camera=file.parent.name) for file in files)
        gallery.compact()
        with serving(f"{folder}/gallery", model=options.model) as served:
            pool.submit(abs, 1).result()  # the clients' process has started
            under_load(served, files[:50], pool=pool, clients=1, seconds=1)
            rounds = []
            for _ in range(options.rounds):
                beside = pool.submit(embedded, options.model, files, seconds=options.seconds).result()
                load = under_load(served, files, pool=pool, clients=options.clients, seconds=options.seconds)
                rounds.append((beside, load))
            tell(rounds, clients=options.clients)
            if options.requests:
                images = [file.read_bytes() for file in files]
                watch_memory(served, images, requests=options.requests, clients=options.clients)


def tell(rounds: Sequence[tuple[Embedded, Load]], *, clients: int) -> None:
    """Medians of the rounds, and ratios round by round."""
    loads = [load for _, load in rounds]
    middle, slow = np.percentile([each * 1000 for load in loads for each in load.latencies], [50, 95])
    rate = statistics.median(load.rate for load in loads)
    service, own = (statistics.median(getattr(load, name) for load in loads) for name in ("service", "clients"))
    alone = statistics.median(beside.processor for beside, _ in rounds)
    slower = statistics.median(beside.rate / load.rate for beside, load in rounds)
    print(
        f"{clients} clients, {len(rounds)} rounds  {sum(load.searches for load in loads):,} searches, "
        f"{sum(load.errors for load in loads)} errors"
    )
    print(f"searches/s            {rate:8.1f}")
    print(f"latency               {middle:8.1f} ms median, {slow:.1f} ms p95")
    print(f"images a pass         {statistics.median(load.a_pass for load in loads):8.1f}")
    print(f"processor time        {service:8.2f} ms a search, the service's; {own:.2f} ms the clients'")
    print(
        f"reseen embed          {statistics.median(beside.rate for beside, _ in rounds):8.1f} images/s, "
        f"{alone:.2f} ms processor time each"
    )
    print(f"ratio                 {slower:8.2f} of images/s over searches/s; {service / alone:.2f} of processor time")


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
        try:
            yield Served(psutil.Process(process.pid), int(found[1]))
        finally:
            process.terminate()


def ask(port: int, images: Sequence[bytes], *, until: float = float("inf")) -> Answers:
    """Search for each image over one connection that stays open."""
    statuses: Counter[int] = Counter()
    seconds = []
    with socket.create_connection(("127.0.0.1", port), timeout=600) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for image in images:
            began = perf_counter()
            if time() > until:
                break
            head = f"POST /search?k=10 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(image)}\r\n\r\n"
            connection.sendall(head.encode() + image)
            statuses[answered(connection)] += 1
            seconds.append(perf_counter() - began)
    return Answers(statuses, seconds)


def answered(connection: socket.socket) -> int:
    """Read one answer, and return its status: the least that a client can do, as it shares the service's cores."""
    read = connection.recv(1 << 16)
    while (end := read.find(b"\r\n\r\n")) < 0:
        read += connection.recv(1 << 16)
    length = int(re.findall(rb"(?i)content-length: (\d+)", read[:end])[0])
    missing = end + 4 + length - len(read)
    while missing > 0:
        missing -= len(connection.recv(1 << 16))
    return int(read[9:12])


def in_parallel(port: int, shares: Sequence[Sequence[bytes]], *, until: float = float("inf")) -> Answers:
    """One client for each share, in a thread of this process."""
    began = process_time()
    with ThreadPoolExecutor(len(shares)) as pool:
        parts = list(pool.map(lambda share: ask(port, share, until=until), shares))
    statuses = sum((part.statuses for part in parts), Counter[int]())
    return Answers(statuses, [each for part in parts for each in part.seconds], process_time() - began)


def under_load(served: Served, files: Sequence[Path], *, pool: Executor, clients: int, seconds: float) -> Load:
    """All clients, in a process of their own, search without pause."""
    before, busy = passes(served.port), processor_seconds(served)
    began = perf_counter()
    done = pool.submit(clients_of, served.port, files, clients=clients, until=time() + seconds).result()
    spent = perf_counter() - began
    number, held = (after - early for after, early in zip(passes(served.port), before, strict=True))
    count = len(done.seconds)
    return Load(
        searches=count,
        errors=sum(many for status, many in done.statuses.items() if status != 200),
        rate=count / spent,
        latencies=done.seconds,
        service=(processor_seconds(served) - busy) / count * 1000,
        clients=done.processor / count * 1000,
        a_pass=held / max(number, 1),
    )


def clients_of(port: int, files: Sequence[Path], *, clients: int, until: float) -> Answers:
    """Each client searches for all images, in an order of its own, until the time is over."""
    images, draw = [file.read_bytes() for file in files], np.random.default_rng(0)
    shares = [[images[row] for row in draw.permutation(len(images))] * 1000 for _ in range(clients)]
    return in_parallel(port, shares, until=until)


def embedded(model: str, files: Sequence[Path], *, seconds: float) -> Embedded:
    """`Embedder.embed_files` over the images, again and again, in the same process as the clients."""
    embedder = _embedder(model)
    list(embedder.embed_files(files[:64]))
    began, busy, count = perf_counter(), process_time(), 0
    while perf_counter() - began < seconds:
        count += sum(1 for _ in embedder.embed_files(files))
    return Embedded(count / (perf_counter() - began), (process_time() - busy) / count * 1000)


@cache
def _embedder(model: str) -> Embedder:
    return Embedder.from_pretrained(model)


def watch_memory(served: Served, images: Sequence[bytes], *, requests: int, clients: int) -> None:
    """So many requests in ten parts, and the memory after each."""
    sizes = [served.process.memory_info().rss / MEGABYTE]
    statuses: Counter[int] = Counter()
    for _ in range(10):
        rows = range(requests // 10)
        bodies = [images[row % len(images)] if row % 10 else images[row % len(images)][:200] for row in rows]
        found = in_parallel(served.port, [bodies[start::clients] for start in range(clients)])
        statuses.update(found.statuses)
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
    parser.add_argument("images", type=Path)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=10_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
