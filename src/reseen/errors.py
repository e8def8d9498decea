"""What a user can get wrong: one exception, and the hint that names the nearest known word."""

from collections.abc import Iterable
from difflib import get_close_matches


class ReseenError(Exception):
    """Something the user can mend. The message says what was expected, what came and what to do."""


def unknown(kind: str, got: str, known: Iterable[str]) -> str:
    """One clause for a word that is in no table.

    >>> unknown("pooling", "averge", ["average", "gem"])
    "no pooling 'averge'; did you mean 'average'? known: average, gem"
    """
    words = sorted(known)
    near = get_close_matches(got, words, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ";"
    return f"no {kind} '{got}'{hint} known: {', '.join(words)}"
