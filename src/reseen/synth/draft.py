"""The hidden folder in which a set is made, so that it appears when it is complete and a stopped call goes on."""

import json
import shutil
from pathlib import Path

from reseen.errors import ReseenError
from reseen.files import UNFINISHED

ASKED = "asked.json"
"""In an unfinished set: what was asked for."""


def check_free(out: Path) -> None:
    """ReseenError unless ``out`` does not exist or is an empty folder."""
    if out.exists() and not out.is_dir():
        raise ReseenError(f"{out}: is a file; name a new folder")
    if out.is_dir() and any(out.iterdir()):
        raise ReseenError(f"{out}: holds files already; name a new or empty folder")


def open_draft(out: Path, asked: dict[str, object]) -> Path:
    """The hidden folder that becomes ``out``; what is there of another set is thrown away."""
    draft = out.with_name(f".{out.name}-unfinished")
    note, text = draft / ASKED, json.dumps(asked)
    if draft.exists() and not (note.is_file() and note.read_text(encoding="utf-8") == text):
        shutil.rmtree(draft)
    draft.mkdir(parents=True, exist_ok=True)
    note.write_text(text, encoding="utf-8")
    return draft


def finish_draft(draft: Path, out: Path) -> None:
    """The complete set gets its name."""
    (draft / ASKED).unlink()
    for left in draft.rglob(f"*{UNFINISHED}"):  # by a process that was killed
        left.unlink()
    if out.exists():
        out.rmdir()
    draft.replace(out)
