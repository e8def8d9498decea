"""What a user can get wrong: one exception, and the hint that names the nearest known word."""

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN, _NEAREST = 40, 8


class ReseenError(Exception):
    """Something the user can mend. The message says what was expected, what came and what to do."""


def unknown(kind: str, got: str, known: Iterable[str]) -> str:
    """One clause for a word that is in no table.

    Of more than ``_SHOWN`` words the nearest are named, and how many there are.

    >>> unknown("pooling", "averge", ["average", "gem"])
    "no pooling 'averge'; did you mean 'average'? known: average, gem"
    >>> unknown("seed", "31", map(str, range(99)))[:52]
    "no seed '31'; did you mean '31'? nearest of 99: 31, "
    """
    words = sorted(known)
    near = get_close_matches(got, words, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ";"
    if len(words) > _SHOWN:
        some = get_close_matches(got, words, n=_NEAREST, cutoff=0.0)
        return f"no {kind} '{got}'{hint} nearest of {len(words)}: {', '.join(some)}"
    return f"no {kind} '{got}'{hint} known: {', '.join(words)}"
