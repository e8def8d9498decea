"""Progress of long work: bars and lines, whoever shows them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol, TypeAlias

ProgressCallback: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) after each piece of work."""


class Bar(Protocol):
    """The bar of one piece of work."""

    def advance(self, count: int = 1, *, note: str = "") -> None:
        """Move the bar on by ``count``; ``note`` is shown beside it."""
        ...


class Progress(Protocol):
    """Shows bars and lines: the command line with rich, a notebook, or `SILENT`."""

    def bar(self, description: str, *, total: int) -> AbstractContextManager[Bar]:
        """Show a bar for ``total`` things until the block ends."""
        ...

    def say(self, line: str) -> None:
        """Show one line, which stays."""
        ...


class Silent:
    """A `Progress` that shows nothing."""

    @contextmanager
    def bar(self, description: str, *, total: int) -> Iterator[Bar]:  # noqa: ARG002
        """Return itself, a bar that shows nothing."""
        yield self

    def advance(self, count: int = 1, *, note: str = "") -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""


def no_callback(done: int, total: int) -> None:
    """Do nothing: the `ProgressCallback` of work that shows no progress."""


SILENT = Silent()
"""What functions take for their ``progress`` by default."""


@contextmanager
def as_callback(progress: Progress, description: str) -> Iterator[ProgressCallback]:
    """A callback that moves a bar; the bar appears with the first call, which brings the total."""
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
