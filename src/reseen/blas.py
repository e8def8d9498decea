"""BLAS held to one thread while our own threads make the products.

BLAS's threads stay awake after each product and would take the cores from the compiled loops beside it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController


class _Limit:
    """Counts its holders: BLAS's threads belong to the whole process, so the last holder to leave restores them."""

    def __init__(self) -> None:
        self._lock, self._holders = Lock(), 0

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            if not self._holders:
                self._before = _controller().limit(limits=1, user_api="blas")
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if not self._holders:
                    self._before.restore_original_limits()


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


one_blas_thread = _Limit().held
"""A context manager; several threads may be inside at once."""
