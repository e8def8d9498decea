"""How long work tells of its progress, without knowing who listens."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol


class Bar(Protocol):
    """One piece of work being counted."""

    def advance(self, count: int = 1, *, note: str = "") -> None:
        """``count`` more are done; ``note`` is shown beside the bar."""
        ...


class Progress(Protocol):
    """Whoever shows bars: the command line with rich, a notebook, nobody."""

    def bar(self, description: str, *, total: int) -> AbstractContextManager[Bar]:
        """A bar for ``total`` things, gone from the screen when the block ends."""
        ...

    def say(self, line: str) -> None:
        """One line that stays."""
        ...


class Silent:
    """Shows nothing."""

    @contextmanager
    def bar(self, description: str, *, total: int) -> Iterator[Bar]:  # noqa: ARG002
        """Itself, which counts nothing."""
        yield self

    def advance(self, count: int = 1, *, note: str = "") -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""


SILENT = Silent()
"""What functions take for their ``progress`` by default."""


@contextmanager
def counted(progress: Progress, description: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for work that tells (done, total) and knows its total only when it begins."""
    with ExitStack() as stack:
        bars: list[Bar] = []
        shown = 0

        def tell(done: int, total: int) -> None:
            nonlocal shown
            if not bars:
                bars.append(stack.enter_context(progress.bar(description, total=total)))
            bars[0].advance(done - shown)
            shown = done

        yield tell
