"""The errors of LanceDB: which of them are told to the user and how, and which only say that a version is gone."""

import re

ENGINE_ERRORS = (RuntimeError, OSError, ValueError)
_SOURCES = re.compile(r",? /\S+\.rs:\d+:\d+")
_NO_ROOM = ("No space left on device", "File too large", "Disk quota exceeded")
_LENGTH = 300


class Rewritten(RuntimeError):  # noqa: N818 - no error: the next read succeeds
    """Another process has replaced the version that was being read."""


def vanished(error: Exception) -> bool:
    """Whether a version or a file that was being read has been removed."""
    return isinstance(error, Rewritten) or "not found" in str(error).lower()


def in_one_line(error: Exception) -> str:
    """LanceDB's message, without the lines of its own sources."""
    text = _SOURCES.sub("", " ".join(str(error).split()))
    if any(sign in text for sign in _NO_ROOM):
        return "there is no room for it on the disk; the gallery is unchanged"
    if vanished(error):
        return f"the gallery is damaged or half-written, one of its files is missing: {text[:_LENGTH]}"
    return text[:_LENGTH]
