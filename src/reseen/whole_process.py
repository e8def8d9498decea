"""A setting of the whole process that several threads hold: the first in makes it, the last out restores it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock


class HeldSetting:
    """Counts its holders.

    Args:
        make: Changes the setting, and returns what restores it.
    """

    def __init__(self, make: Callable[[], Callable[[], object]]) -> None:
        self._make = make
        # Re-entrant: a generator that holds it may be collected, and so leave, in a thread that is here already.
        self._lock, self._holders = RLock(), 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside the block the setting holds."""
        with self._lock:
            if not self._holders:
                self._restore = self._make()
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if not self._holders:
                    self._restore()
