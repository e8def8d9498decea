"""How loops are compiled: by numba, without the interpreter's lock, cached where a cache can be written.

numba writes compiled code beside the source or into the user's cache folder (NUMBA_CACHE_DIR names another). Where
neither can be written, each process compiles anew, which takes seconds and gives the same numbers.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def compiled(*, fastmath: set[str] | None = None) -> Callable[[FunctionT], FunctionT]:
    """A decorator; ``fastmath``: the liberties that LLVM may take with floating point, none by default."""
    liberties = fastmath or False

    def decorate(function: FunctionT) -> FunctionT:
        try:
            return cast("FunctionT", njit(nogil=True, cache=True, fastmath=liberties)(function))
        except RuntimeError:  # numba's "no locator available": no place for a cache
            return cast("FunctionT", njit(nogil=True, fastmath=liberties)(function))

    return decorate
