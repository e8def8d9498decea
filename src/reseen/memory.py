"""The memory that this process can still use: the machine's, or a container's fewer."""

from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
GROUP_FILES = (
    ("memory.max", "memory.current", "file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "cache"),
)
"""Files of control groups, version 2 and 1: the limit, the use, and the statistics' name of the file caches."""

MACHINE = Path("/proc/meminfo")


def available_memory() -> int | None:
    """Bytes that this process can still use: the machine's, or a container's fewer; None if unknown."""
    return min((size for size in (_of_machine(), _of_group()) if size is not None), default=None)


def _of_machine() -> int | None:
    sizes = _table(MACHINE, separator=":")
    return sizes["MemAvailable"] * 1024 if "MemAvailable" in sizes else None


def _of_group() -> int | None:
    """Bytes below the control group's limit; file caches are freed on demand and do not count,
    but for shared memory, which is counted among them."""
    for limit, used, cached in GROUP_FILES:
        try:
            most, taken = ((GROUPS / file).read_text().strip() for file in (limit, used))
        except OSError:
            continue
        counted = _table(GROUPS / Path(limit).with_name("memory.stat"), separator=" ")
        caches = max(0, counted.get(cached, 0) - counted.get("shmem", 0))
        return None if most == "max" else max(0, int(most) - int(taken) + caches)
    return None


def _table(path: Path, *, separator: str) -> dict[str, int]:
    """The numbers of a file by name; empty without the file."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split(separator, 1) for line in lines if separator in line)
    return {name: int(value.split()[0]) for name, value in pairs}


def size(count: int) -> str:
    """Bytes as MB or GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
