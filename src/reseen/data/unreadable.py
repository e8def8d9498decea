"""Images of a data set that do not decode: found, left out, and listed in the run so that they stay left out."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from os.path import relpath
from pathlib import Path

from PIL.Image import Image

from reseen.data.opening import ImageError, open_image
from reseen.data.table import Splits, first, without_unreadable
from reseen.data.threads import in_threads
from reseen.errors import ReseenError
from reseen.progress import Progress


def find_unreadable(
    paths: Iterable[Path], progress: Progress, *, opens: Callable[[Path], Image] = open_image
) -> dict[Path, str]:
    """Decode every image to its last row: those that do not decode, in order, each with the reason.

    ``opens`` opens them as they will be used.
    """
    paths = list(paths)
    with progress.bar("check images", total=len(paths)) as bar:
        reasons = in_threads(partial(_why_unreadable, opens=opens), paths, progress=lambda _done, _total: bar.advance())
        return {path: reason for path, reason in reasons if reason}


def leave_out(splits: Splits, bad: Mapping[Path, str]) -> Splits:
    """The tables without these images. ReseenError where a table would be empty."""
    train, query, gallery = (without_unreadable(split, bad)[0] for split in splits.tables().values())
    return splits._replace(train=train, query=query, gallery=gallery)


def skip_unreadable(splits: Splits, progress: Progress, *, opens: Callable[[Path], Image] = open_image) -> Splits:
    """The tables without the images that do not decode, which ``progress`` reports."""
    paths = (path for split in splits.tables().values() for path in split.paths)
    bad = find_unreadable(paths, progress, opens=opens)
    report_unreadable(bad, progress, skip=True)
    return leave_out(splits, bad) if bad else splits


def report_unreadable(bad: Mapping[Path, str], progress: Progress, *, skip: bool) -> None:
    """Say which images are skipped. ReseenError where they may not be skipped."""
    if not bad:
        return
    count = f"{len(bad)} unreadable image{'' if len(bad) == 1 else 's'}"
    reasons = first([f"{path} ({reason})" for path, reason in sorted(bad.items())])
    if not skip:
        raise ReseenError(f"{count}: {reasons}; repair or remove them, or leave them out: --set data.unreadable=skip")
    progress.say(f"skipped {count}: {reasons}")


def relative_to(root: Path, bad: Mapping[Path, str]) -> dict[str, str]:
    """For a run's data.json: path below the data's folder -> reason."""
    return {Path(relpath(path, root)).as_posix(): reason for path, reason in sorted(bad.items())}


def below(root: Path, listed: Mapping[str, str]) -> dict[Path, str]:
    """What `relative_to` returned, for data that lie at ``root`` now."""
    return {Path(root / name): reason for name, reason in listed.items()}


def _why_unreadable(path: Path, *, opens: Callable[[Path], Image]) -> str:
    try:
        opens(path)
    except ImageError as error:
        return str(error).removeprefix(f"{path}: cannot read the image: ")
    return ""
