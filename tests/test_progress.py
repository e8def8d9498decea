"""Progress: what shows nothing accepts everything, and a callback moves a bar by what is new."""

from collections.abc import Iterator
from contextlib import contextmanager

from reseen.progress import SILENT, Silent, as_callback, no_callback


class Steps(Silent):
    """Keeps the total of its bars and the steps of them."""

    def __init__(self) -> None:
        self.totals: list[int] = []
        self.steps: list[int] = []

    @contextmanager
    def bar(self, description: str, *, total: int) -> Iterator[Silent]:
        self.totals.append(total)
        yield self

    def advance(self, count: int = 1, *, note: str = "") -> None:
        self.steps.append(count)


def test_a_callback_begins_its_bar_with_the_first_total_and_moves_it_by_the_difference() -> None:
    progress = Steps()
    with as_callback(progress, "render") as callback:
        assert progress.totals == []
        for done in (0, 3, 4, 10):
            callback(done, 10)
    assert (progress.totals, progress.steps) == ([10], [0, 3, 1, 6])


def test_silent_progress_shows_nothing_and_breaks_nothing(capfd) -> None:
    with SILENT.bar("train", total=2) as bar:
        bar.advance(2, note="loss 1.5")
    SILENT.say("done")
    no_callback(1, 2)
    assert capfd.readouterr() == ("", "")
