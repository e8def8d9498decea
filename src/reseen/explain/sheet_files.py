"""Files of numbered sheets in a folder: their names, and the removal of those of an earlier, longer call."""

from pathlib import Path

from reseen.progress import Progress


def sheet_file(out: Path, kind: str, number: int) -> Path:
    """``pairs-01.png`` for the first sheet of "pairs"."""
    return out / f"{kind}-{number:02d}.png"


def remove_earlier(out: Path, kind: str, *, written: int, progress: Progress) -> None:
    """Remove the sheets numbered above ``written``, which would pass for this call's, and report it.

    Call it once the new sheets are written. Only plain files of exactly such names are removed.
    """
    earlier = [path for path in out.glob(f"{kind}-*.png") if _number(path, kind) > written]
    for path in earlier:
        path.unlink(missing_ok=True)
    if earlier:
        progress.say(f"{out}: removed {len(earlier)} {kind}-NN.png of an earlier, longer call")


def _number(path: Path, kind: str) -> int:
    """The number of a sheet of this kind; 0 for other files."""
    digits = path.stem.removeprefix(f"{kind}-")
    if not digits.isdecimal() or path != sheet_file(path.parent, kind, int(digits)):
        return 0
    return int(digits) if path.is_file() and not path.is_symlink() else 0
