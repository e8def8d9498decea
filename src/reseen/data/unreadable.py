"""Pictures of a data set that do not decode: found, left out, and written down so that they stay left out."""

from collections.abc import Iterable, Mapping
from os.path import relpath
from pathlib import Path

from reseen.data.opening import unreadable
from reseen.data.table import Splits, first, without_unreadable
from reseen.progress import Progress


def find_unreadable(paths: Iterable[Path], progress: Progress) -> dict[Path, str]:
    """Every picture decoded once: those that do not, each with the reason."""
    paths = list(paths)
    with progress.bar("check pictures", total=len(paths)) as bar:
        return unreadable(paths, progress=lambda _done, _total: bar.advance())


def leave_out(splits: Splits, bad: Mapping[Path, str]) -> Splits:
    """All tables without these pictures. ReseenError where a table would be empty."""
    tables = {name: without_unreadable(split, bad)[0] for name, split in splits.tables().items()}
    return splits._replace(**tables)  # type: ignore[arg-type]


def skip_unreadable(splits: Splits, progress: Progress) -> Splits:
    """Look at every picture, leave out those that do not decode, and say so."""
    bad = find_unreadable((path for split in splits.tables().values() for path in split.paths), progress)
    if not bad:
        return splits
    progress.say(told(bad))
    return leave_out(splits, bad)


def told(bad: Mapping[Path, str]) -> str:
    """How many were skipped, and why the first ones were."""
    return f"skipped {len(bad)} unreadable picture{'' if len(bad) == 1 else 's'}: {reasons(bad)}"


def reasons(bad: Mapping[Path, str]) -> str:
    """The first of them, each with its reason."""
    return first([f"{path} ({reason})" for path, reason in sorted(bad.items())])


def written_down(bad: Mapping[Path, str], root: Path) -> dict[str, str]:
    """As a run's facts hold them: path below the data's folder -> reason."""
    return {Path(relpath(path, root)).as_posix(): reason for path, reason in sorted(bad.items())}


def read_back(listed: Mapping[str, str], root: Path) -> dict[Path, str]:
    """`written_down`, undone for data that lie at ``root`` now."""
    return {Path(root / name): reason for name, reason in listed.items()}
