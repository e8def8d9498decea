"""How loops are compiled: by numba, without the interpreter's lock, cached where a cache can be written.

numba writes compiled code beside the source or into the user's cache folder (NUMBA_CACHE_DIR names another). Where
neither can be written, each process compiles anew, which takes seconds and gives the same numbers.

numba compares a cached loop with its own source file only. A loop that calls one of another file, or takes a tuple of
another class, would outlive a change there, so the cache's file names carry a digest of all files with such loops.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_ROOM = Path(__file__).parents[1]  # every compiled loop lies in reseen.metrics


def compiled(*, fastmath: set[str] | None = None) -> Callable[[FunctionT], FunctionT]:
    """A decorator; ``fastmath``: the liberties that LLVM may take with floating point, none by default."""
    liberties = fastmath or False

    def decorate(function: FunctionT) -> FunctionT:
        function.__qualname__ += f"-{digest_of_loops(_ROOM)}"  # numba names the cache's files by it
        try:
            return cast("FunctionT", njit(nogil=True, cache=True, fastmath=liberties)(function))
        except RuntimeError:  # numba's "no locator available": no place for a cache
            return cast("FunctionT", njit(nogil=True, fastmath=liberties)(function))

    return decorate


@cache
def digest_of_loops(folder: Path) -> str:
    """Eight hexadecimal digits that change with any Python file below ``folder`` that has a compiled loop."""
    sources = (file.read_bytes() for file in sorted(folder.rglob("*.py")))
    return hashlib.sha256(b"".join(source for source in sources if b"\n@compiled(" in source)).hexdigest()[:8]
