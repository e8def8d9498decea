"""Memory: what an evaluation will take, what there is, and a stop where the one exceeds the other.

N = Q + G pictures.
"""

from pathlib import Path

from reseen.errors import ReseenError
from reseen.metrics.memory import predict_memory
from reseen.metrics.postprocess.rerank import KReciprocal
from reseen.metrics.protocol import Protocol
from reseen.progress import Progress
from reseen.tasks.reid.postprocess import Refinement

GROUPS = Path("/sys/fs/cgroup")
GROUP_FILES = (
    ("memory.max", "memory.current", "file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "cache"),
)
"""Of control groups, version 2 and 1: the limit, what is taken, and what the statistics call the file caches."""

MACHINE = Path("/proc/meminfo")

_TILES = 100_000_000
"""Tiles of similarities and of gathered neighbours, whatever the size."""


def predict(queries: int, gallery: int, width: int, *, protocol: Protocol, refinement: Refinement) -> int:
    """Bytes above the vectors, about: the most that expansion, re-ranking and counting hold at a time."""
    counting = predict_memory(queries, gallery, width, trials=protocol.trials)
    pictures, vectors = queries + gallery, (queries + gallery) * width * 4
    kept = vectors if refinement.of_vectors() else 0
    steps = [counting]
    for expansion in (refinement.expand, refinement.expand_gallery):
        steps += [3 * vectors + pictures * (expansion.neighbours + 9) * 8 + _TILES] if expansion else []
    if isinstance(refinement.rerank, KReciprocal):
        steps += [counting + 2 * vectors + pictures * _bytes_a_list(refinement.rerank) + _TILES]
    return kept + max(steps)


def _bytes_a_list(rerank: KReciprocal) -> int:
    """Bytes of a picture's neighbours, its grown set, and the mean of ``k2`` sets as sparse rows and their index."""
    return (rerank.k1 + 9) * 8 + (rerank.k1 + 1) * 12 + 40 * (rerank.k1 + 1) * max(1, rerank.k2 // 2)


def require_memory(needed: int, *, vectors: int, made: bool, refinement: Refinement, progress: Progress) -> None:
    """Say what is ``needed`` above the ``vectors``, which are ``made`` or to come; ReseenError where there is less."""
    available, required = available_memory(), needed if made else needed + vectors
    known = "" if available is None else f", {size(available)} available"
    progress.say(f"evaluation: about {size(needed)} of memory above the vectors ({size(vectors)}){known}")
    if available is not None and required > available:
        less = "without re-ranking and expansion, " if refinement.describe() else ""
        raise ReseenError(
            f"the evaluation needs about {size(needed)} of memory above the vectors ({size(vectors)}), and "
            f"{size(available)} are available: evaluate {less}with a smaller gallery, or on a machine with more memory"
        )


def available_memory() -> int | None:
    """Bytes that this process can still take: the machine's, or fewer under a container's limit; None if unknown."""
    return min((size for size in (_of_machine(), _of_group()) if size is not None), default=None)


def _of_machine() -> int | None:
    sizes = _table(MACHINE, separator=":")
    return sizes["MemAvailable"] * 1024 if "MemAvailable" in sizes else None


def _of_group() -> int | None:
    """What the control group's limit leaves; file caches give way when memory is asked for."""
    for limit, used, cached in GROUP_FILES:
        try:
            most, taken = ((GROUPS / file).read_text().strip() for file in (limit, used))
        except OSError:
            continue
        caches = _table(GROUPS / Path(limit).with_name("memory.stat"), separator=" ").get(cached, 0)
        return None if most == "max" else max(0, int(most) - int(taken) + caches)
    return None


def _table(path: Path, *, separator: str) -> dict[str, int]:
    """Lines of a name and a number; empty where there is no such file."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split(separator, 1) for line in lines if separator in line)
    return {name: int(value.split()[0]) for name, value in pairs}


def size(count: int) -> str:
    """Bytes in words."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
