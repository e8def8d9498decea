"""Words by their numbers in CLIP's vocabulary, which its list of merged pairs gives; the list is not ours to ship.

Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", ACL 2016, section 3.2.
"""

import gzip
import zlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from reseen.errors import ReseenError

WORDS: Mapping[str, tuple[int, ...]] = MappingProxyType({"person": (2533,)})
"""Words whose numbers are known without the list."""
MERGES = 49152 - 2 * 256 - 2
"""Pairs of CLIP's list: its vocabulary but for the bytes, the bytes that end a word, and a text's start and end."""
_END_OF_WORD = "</w>"
_FIRST_BYTE, _FIRST_END, _FIRST_MERGE = -ord("!"), 256 - ord("!"), 512
"""The vocabulary begins with the printable ASCII characters, from "!" on."""
_WHERE = (
    "texts.vocabulary: give bpe_simple_vocab_16e6.txt.gz of github.com/openai/CLIP, or install open_clip_torch, which "
    "brings it; or give the word's numbers as texts.tokens"
)


def word_numbers(word: str, *, vocabulary: Path | str | None = None) -> tuple[int, ...]:
    """The numbers of one or more English words in CLIP's vocabulary.

    Args:
        word: Letters a to z and spaces; case does not count.
        vocabulary: CLIP's list of merged pairs, as text or as .gz. None: "person" is known, and for others the list
            is taken from an installed open_clip_torch.

    Returns:
        A number for each token.

    Raises:
        ReseenError: A word of other characters, and a list that is needed and not there.

    Example:
        >>> word_numbers("person")
        (2533,)
    """
    words = word.lower().split()
    if not words or not all(one.isascii() and one.isalpha() for one in words):
        raise ReseenError(f"texts.word: expected English words, of the letters a to z, got '{word}'")
    if vocabulary is None and " ".join(words) in WORDS:
        return WORDS[" ".join(words)]
    ranks = _ranks(_installed(word) if vocabulary is None else Path(vocabulary))
    return tuple(number for one in words for number in _numbers(one, ranks))


def _numbers(word: str, ranks: Mapping[tuple[str, str], int]) -> list[int]:
    """Of all pairs beside each other the first in the list becomes one symbol, until none is in the list."""
    symbols = [*word[:-1], word[-1] + _END_OF_WORD]
    made: dict[str, int] = {}
    while pairs := [pair for pair in pairwise(symbols) if pair in ranks]:
        pair = min(pairs, key=ranks.__getitem__)
        made["".join(pair)] = _FIRST_MERGE + ranks[pair]
        symbols = _merged(symbols, pair)
    return [made[symbol] if symbol in made else _of_letter(symbol) for symbol in symbols]


def _of_letter(symbol: str) -> int:
    return ord(symbol[0]) + (_FIRST_END if symbol.endswith(_END_OF_WORD) else _FIRST_BYTE)


def _merged(symbols: Sequence[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    waiting = list(symbols)
    while waiting:
        joined = tuple(waiting[:2]) == pair
        merged.append("".join(waiting[: 2 if joined else 1]))
        waiting = waiting[2 if joined else 1 :]
    return merged


def _ranks(path: Path) -> dict[tuple[str, str], int]:
    """The pairs of the list in their order, below its first line."""
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ReseenError(f"texts.vocabulary: {path} cannot be read: {error}") from None
    pairs = [line.split() for line in text.splitlines()[1 : 1 + MERGES]]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise ReseenError(f"texts.vocabulary: {path} is no list of merged pairs: expected two symbols in each line")
    return {(first, second): rank for rank, (first, second) in enumerate(pairs)}


def _installed(word: str) -> Path:
    """The list within open_clip_torch, which is found without importing it."""
    spec = find_spec("open_clip")
    found = spec and spec.origin and Path(spec.origin).with_name("bpe_simple_vocab_16e6.txt.gz")
    if not found or not found.is_file():
        raise ReseenError(f"texts.word: '{word}' needs CLIP's vocabulary; {_WHERE}")
    return found
