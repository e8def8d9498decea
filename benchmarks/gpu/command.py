"""The command: parts in order of value, each in a process of its own and within its share of the time.

    python benchmarks/gpu --minutes 8 --out DIR [--parts attention,training] [--resume]
    python benchmarks/gpu --smoke --out DIR

Rows are written to DIR/CARD-COMMIT/results.json and results.md the moment they are there: killed at any second, what
is written is whole, and ``--resume`` goes on. Data are rendered, and runs kept, in ``--scratch``. ``--smoke`` runs
every part at toy sizes on the CPU. Nothing is fetched; packages that a part needs are named before anything starts.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from gpu.machine import card, described, folder_name, missing
from gpu.part import PARTS, Part, Setting
from gpu.results import Results

BY_NAME = {part.name: part for part in PARTS}
LEAST_SECONDS = 20.0
"""A part is not begun with less: its imports alone take some."""
NO_CARD = "no GPU: torch finds none here; --smoke runs every part at toy sizes on the CPU"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code: 0, or 2 with one line that says what is wrong."""
    options = parsed(arguments)
    if options.child:
        run_child(options)
        return 0
    try:
        orchestrate(options)
    except Refused as refusal:
        print(f"benchmarks/gpu: {refusal}", file=sys.stderr)
        return 2
    return 0


class Refused(Exception):  # noqa: N818 - a refusal
    """What the caller can mend, in one line."""


def orchestrate(options: argparse.Namespace) -> None:
    """Check, then run the parts."""
    deadline = monotonic() + 60 * options.minutes
    parts = able(chosen(options.parts))
    if not options.smoke and card() is None:
        raise Refused(NO_CARD)
    folder = options.out / folder_name(smoke=options.smoke)
    results = opened(folder, resume=options.resume)
    left = [part for part in parts if not results.is_complete(part.name)]
    if left and 60 * options.minutes < LEAST_SECONDS:
        raise Refused(
            f"--minutes {options.minutes:g}: too little for any part, expected at least {LEAST_SECONDS / 60:.2g}"
        )
    results.begin(described(smoke=options.smoke), command=shlex.join(["python", "benchmarks/gpu", *sys.argv[1:]]))
    scratch = options.scratch or Path(tempfile.gettempdir()) / f"reseen-{folder.name}"
    for some, seconds in shares(left, folder, deadline=deadline, together=options.smoke):
        in_own_process(some, options, folder=folder, scratch=scratch, seconds=seconds)
    print(folder / "results.md")


def able(parts: Sequence[Part]) -> list[Part]:
    """The parts that can run; says of the others what they lack."""
    lacking = {part.name: missing(part) for part in parts}
    for name, packages in lacking.items():
        if packages:
            print(f"{name}: left out, for there is no {', '.join(packages)}", flush=True)
    found = [part for part in parts if not lacking[part.name]]
    if not found:
        packages = sorted({package for names in lacking.values() for package in names})
        raise Refused(f"no part can run: install {', '.join(packages)}")
    return found


def chosen(names: str | None) -> list[Part]:
    """The parts asked for, in their order of value."""
    asked = list(BY_NAME) if names is None else names.split(",")
    unknown = [name for name in asked if name not in BY_NAME]
    if unknown:
        raise Refused(f"--parts: expected some of {','.join(BY_NAME)}, got {unknown[0]}")
    return [part for part in PARTS if part.name in asked]


def opened(folder: Path, *, resume: bool) -> Results:
    """The results of this card and commit, new or to go on with."""
    if (folder / "results.json").exists() and not resume:
        raise Refused(f"{folder}: has results already; --resume goes on with them, or choose another --out")
    folder.mkdir(parents=True, exist_ok=True)
    return Results(folder)


Shares: TypeAlias = Iterator[tuple[Sequence[Part], float]]


def shares(parts: Sequence[Part], folder: Path, *, deadline: float, together: bool) -> Shares:
    """Each part with its own share of seconds; then, with what is left, those that are not through.

    ``together``: all in one process, which imports everything once: quicker, but what one dies of costs the others.
    """
    if together:
        yield parts, deadline - monotonic()
        return
    for part in parts:
        left = deadline - monotonic()
        if left >= LEAST_SECONDS:
            yield [part], min(part.seconds, left)
    for part in parts:
        left = deadline - monotonic()
        if left >= LEAST_SECONDS and not Results(folder).is_complete(part.name):
            yield [part], left


def in_own_process(
    parts: Sequence[Part], options: argparse.Namespace, *, folder: Path, scratch: Path, seconds: float
) -> None:
    """Run parts, again if their process dies, until their seconds are over; the cell that it dies of becomes a row."""
    until = monotonic() + seconds
    names = ",".join(part.name for part in parts)
    while (left := until - monotonic()) > LEAST_SECONDS / 2:
        command = [sys.executable, str(Path(__file__).parent), "--child", names, "--minutes", str(left / 60)]
        command += ["--out", str(folder), "--scratch", str(scratch), *(["--smoke"] if options.smoke else [])]
        code = waited_for(command, seconds=left)
        results = Results(folder)
        stopped = [(part.name, cell) for part in parts if (cell := results.under_way(part.name)) is not None]
        for part, cell in stopped:
            reason = f"its process ended with exit code {code}" if code is not None else "its time was over"
            results.add(part, cell, {"row": cell, "failed": reason})
            if code is not None:
                results.finish(part, cell)
        if code in {0, None} or not stopped:
            return


def waited_for(command: Sequence[str], *, seconds: float) -> int | None:
    """A process's exit code, or None for one that had to be ended, with all that it had started."""
    process = subprocess.Popen(command, process_group=0)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        end_group(process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group of its own, and whatever it left running."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def run_child(options: argparse.Namespace) -> None:
    """Inside a part's own process."""
    from gpu.child import end_with, run_part

    end_with(os.getppid())
    cores = len(os.sched_getaffinity(0))
    device = "cpu" if options.smoke else "cuda"
    setting = Setting(device, options.smoke, options.scratch, workers=0 if options.smoke else max(1, cores - 2))
    results, deadline = Results(options.out), monotonic() + 60 * options.minutes
    for part in chosen(options.child):
        run_part(part, setting, results=results, deadline=deadline)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    described = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python benchmarks/gpu", description=__doc__, formatter_class=described)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--parts", help=f"some of {','.join(BY_NAME)}; all of them if left out")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--scratch", type=Path, help="a folder for data and runs; one of the system's if left out")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)
