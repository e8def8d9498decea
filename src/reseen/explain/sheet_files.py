"""Sheets numbered in a folder: what they are called, and how those of an earlier, longer call go."""

from pathlib import Path

from reseen.progress import Progress


def sheet_file(out: Path, kind: str, number: int) -> Path:
    """``pairs-01.png`` for the first sheet of "pairs"."""
    return out / f"{kind}-{number:02d}.png"


def drop_earlier(out: Path, kind: str, *, written: int, progress: Progress) -> None:
    """Remove the sheets numbered above ``written``, which would be taken for this call's, and say so.

    To be called once the new sheets are whole. Nothing but plain files of exactly such names is touched.
    """
    earlier = [path for path in out.glob(f"{kind}-*.png") if _number(path, kind) > written]
    for path in earlier:
        path.unlink(missing_ok=True)
    if earlier:
        progress.say(f"{out}: {len(earlier)} {kind}-NN.png of an earlier, longer call removed")


def _number(path: Path, kind: str) -> int:
    """Which sheet of its kind this is; 0 for a file that is none."""
    digits = path.stem.removeprefix(f"{kind}-")
    if not digits.isdecimal() or path != sheet_file(path.parent, kind, int(digits)):
        return 0
    return int(digits) if path.is_file() and not path.is_symlink() else 0
