"""Kills a process with SIGKILL while it adds to a gallery, builds its index, compacts and forgets; checks the rest.

    python benchmarks/gallery_kills.py [--kills 200] [--longest 0.6] [--seed 0] [--folder FOLDER]

One thread adds in batches, another builds, compacts and forgets in turn, beside each other. A moment later, drawn at
random, the process is killed. Then the gallery must open; every record whose addition was acknowledged must be there,
whole and once, unless its forgetting had begun; of what was acknowledged as forgotten, no file may hold the vector; and
a search must find. The next process first repeats the forgetting that was cut short. Prints what was going on at the
kills. Any loss is an error.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.retrieval import indexes, merging
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

WIDTH, BATCH, FORGOTTEN, KEPT = 16, 25, 6, 1200
MODEL = GalleryModel("drawn", WIDTH)
UPKEEP = ("build", "compact", "forget", "compact", "forget")


class State(NamedTuple):
    """Rows by what was said of them: acknowledged additions, forgetting begun, forgetting acknowledged."""

    added: set[int]
    forgetting: set[int]
    forgotten: set[int]


class Kills(NamedTuple):
    """What was going on at the kills, and the rows that were added and forgotten in all."""

    moments: Counter[str]
    added: int
    forgotten: int


def vector(row: int) -> NDArray[np.float32]:
    """The unit vector of a row, as it is stored."""
    drawn = np.random.default_rng(row).normal(size=WIDTH).astype(np.float32)
    return drawn / np.linalg.norm(drawn)


def record(row: int) -> Record:
    """The record of a row; its camera is the row too, so that forgetting finds it by two columns."""
    return Record(vector=vector(row), reference=f"{row}.jpg", identity=f"id {row}", camera=f"c{row % 3}")


def small_counts_as_large() -> None:
    """A few hundred records get an approximate index, and lie in many files."""
    indexes.APPROXIMATE_PAYS, indexes.INDEX_PAYS, indexes.UNINDEXED = 300, 100, 100
    merging.FILE_ROWS = 100


def work(folder: Path, *, first: int, pending: Sequence[int]) -> None:
    """What the process does until it is killed; a line before and after each step says what is safe."""
    small_counts_as_large()
    gallery = Gallery(folder, model=MODEL, create=True, upkeep=False, patience=60)
    forget(gallery, pending)
    say("ready")
    Thread(target=keep_up, args=(folder,), daemon=True).start()
    for start in count(first, BATCH):
        while len(gallery) > KEPT:
            time.sleep(0.05)
        say(f"begin add {start}")
        gallery.add([record(row) for row in range(start, start + BATCH)], batch=BATCH)
        say(f"end add {start}")


def keep_up(folder: Path) -> None:
    """Build, compact and forget in turn."""
    gallery = Gallery(folder, model=MODEL, upkeep=False, patience=60)
    draw = np.random.default_rng()
    for step in count(int(draw.integers(len(UPKEEP)))):
        kind = UPKEEP[step % len(UPKEEP)]
        if kind == "forget":
            rows = rows_of(gallery)
            many = FORGOTTEN if len(rows) < KEPT // 2 else KEPT // 4
            forget(gallery, sorted(draw.choice(rows, min(many, len(rows)), replace=False).tolist()))
            continue
        say(f"begin {kind} 0")
        (gallery.create_index if kind == "build" else gallery.compact)()
        say(f"end {kind} 0")


def forget(gallery: Gallery, rows: Sequence[int]) -> None:
    """Forget these rows by their identities' records."""
    if not rows:
        return
    named = " ".join(map(str, rows))
    say(f"begin forget {named}")
    ids = [record_id for record_id, row in held(gallery) if row in {*rows}]
    gallery.forget(ids=ids)
    say(f"end forget {named}")


def say(line: str) -> None:
    """One line in one write, so that lines of two threads do not mix."""
    os.write(1, f"{line}\n".encode())


def held(gallery: Gallery) -> list[tuple[str, int]]:
    """The id and row of every record."""
    store = gallery._store  # noqa: SLF001 - a test of what is stored
    blocks = store.read(lambda _: list(store.rows(None, columns=["id", "picture"])))
    return [
        (found["id"], int(found["picture"].removesuffix(".jpg"))) for block in blocks for found in block.to_pylist()
    ]


def rows_of(gallery: Gallery) -> list[int]:
    """The row of every record."""
    return [row for _, row in held(gallery)]


def killed_again_and_again(folder: Path, *, kills: int, longest: float, seed: int) -> Kills:
    """Kill so many processes, each within ``longest`` seconds after it was ready, and check after each."""
    small_counts_as_large()
    draw = np.random.default_rng(seed)
    state, moments, first = State(set(), set(), set()), Counter[str](), 0
    for number in range(kills):
        pending = sorted(state.forgetting)
        lines = list(killed(folder, first=first, pending=pending, after=float(draw.uniform(0, longest))))
        moments.update([going_on(lines)])
        first = max([first, *(rows[0] + BATCH for verb, kind, rows in lines if kind == "add")])
        state = told(lines, state)
        check(folder, state, at=f"kill {number}, {going_on(lines)}")
    final = Gallery(folder, model=MODEL, upkeep=False)
    final.forget(ids=[record_id for record_id, row in held(final) if row in state.forgetting])
    final.compact()
    check(folder, State(state.added, set(), state.forgotten | state.forgetting), at="the end")
    return Kills(moments, len(state.added), len(state.forgotten))


Line = tuple[str, str, list[int]]


def killed(folder: Path, *, first: int, pending: Sequence[int], after: float) -> Iterator[Line]:
    """Start the process, kill it ``after`` seconds from when it is ready, and read what it said."""
    command = [sys.executable, __file__, "--work", str(folder), "--first", str(first), "--pending", *map(str, pending)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        before = []
        for line in process.stdout:
            if line == "ready\n":
                break
            before.append(line)
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        said = [*before, *process.stdout]
        if process.wait() != -signal.SIGKILL:
            raise SystemExit(f"the process ended by itself: {process.returncode}")
    for line in said:
        if line.endswith("\n"):
            verb, kind, *rows = line.split()
            yield verb, kind, [int(row) for row in rows]


def going_on(lines: Sequence[Line]) -> str:
    """The steps that had begun and not ended."""
    open_steps = {kind for verb, kind, _ in lines if verb == "begin"}
    for kind in list(open_steps):
        last = next(verb for verb, other, _ in reversed(lines) if other == kind)
        if last == "end":
            open_steps.discard(kind)
    return " and ".join(sorted(open_steps)) or "nothing"


def told(lines: Sequence[Line], state: State) -> State:
    """The state after what the process said."""
    added, begun, done = set(state.added), set(state.forgetting), set(state.forgotten)
    for verb, kind, rows in lines:
        if (verb, kind) == ("end", "add"):
            added |= {*range(rows[0], rows[0] + BATCH)}
        elif (verb, kind) == ("begin", "forget"):
            begun |= {*rows}
        elif (verb, kind) == ("end", "forget"):
            begun -= {*rows}
            done |= {*rows}
    return State(added, begun, done)


def check(folder: Path, state: State, *, at: str) -> None:
    """Raise SystemExit for a record that is lost, came back or is there twice, and for one that is not found."""
    gallery = Gallery(folder, model=MODEL, upkeep=False)
    rows = rows_of(gallery)
    there = {*rows}
    faults = {
        "lost": state.added - state.forgetting - state.forgotten - there,
        "came back": state.forgotten & there,
        "twice": {row for row, times in Counter(rows).items() if times > 1},
        "bytes left": bytes_left(folder, state.forgotten),
        "not found": {row for row in list(there)[:3] if gallery.search(vector(row), k=1)[0][0].picture != f"{row}.jpg"},
    }
    if any(faults.values()):
        raise SystemExit(f"{at}: { {what: sorted(found) for what, found in faults.items() if found} }")


def bytes_left(folder: Path, rows: set[int]) -> set[int]:
    """The rows whose vectors stand in any file."""
    data = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    wanted = {row: vector(row).tobytes() for row in rows}
    return {row for row, held_bytes in wanted.items() if any(held_bytes in file for file in data)}


def main() -> None:
    """Kill, check, and print; or be the process that is killed."""
    options = arguments()
    if options.work is not None:
        work(options.work, first=options.first, pending=options.pending)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found = killed_again_and_again(
            Path(folder) / "gallery", kills=options.kills, longest=options.longest, seed=options.seed
        )
    print(f"{options.kills} kills: nothing lost of {found.added:,} additions, none of {found.forgotten:,} came back")
    for moment, times in found.moments.most_common():
        print(f"  {times:4d} during {moment}")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--longest", type=float, default=0.6, help="Most seconds from readiness to the kill.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="Where to make the gallery; the system's folder by default.")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--pending", type=int, nargs="*", default=[], help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
