"""The maps that `reseen explain` left in a run, as pictures for its page."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from reseen.data.opening import read_image
from reseen.draw.encode import jpeg_bytes
from reseen.engine.run import Run
from reseen.report.pictures import Picture

_MOST = 2
"""Sheets of one kind on a page; the others stay in their folder."""


class _Kind(NamedTuple):
    """Files that begin alike: title and words on the page, and whether they are sheets of photographs."""

    title: str
    caption: str
    sheet: bool


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "pairs-": _Kind(
            "Why it finds them",
            "Each row: a query and an entry of its ranking, and over each picture what makes it like the other; bright "
            "is much. Where a wrong entry came first, the last picture shows what in the query speaks for the true "
            "match (orange) and what for the wrong one (blue).",
            sheet=True,
        ),
        "attention-": _Kind(
            "Attention",
            "The model's own attention over each picture, from its lowest value (dark) to its highest (bright), which "
            "stand under it.",
            sheet=True,
        ),
        "channels": _Kind(
            "Channel weights",
            "The weight that attention gives each channel, sorted: the mean over pictures, and where four in five lie.",
            sheet=False,
        ),
    }
)


def kept_maps(run: Run) -> list[Picture]:
    """The first sheets of each kind in the run's ``explain/``; none where nothing was explained there."""
    return [picture for start, kind in _KINDS.items() for picture in _of_kind(run.explanations, start, kind)]


def _of_kind(folder: Path, start: str, kind: _Kind) -> Iterator[Picture]:
    files = sorted(folder.glob(f"{start}*.png"))
    more = f" {len(files) - _MOST} more sheets are in {folder}." if len(files) > _MOST else ""
    for number, file in enumerate(files[:_MOST], start=1):
        title = kind.title if number == 1 else f"{kind.title}, {number}"
        yield Picture(title, kind.caption + more * (number == _MOST), _bytes(file, kind), group="maps")


def _bytes(file: Path, kind: _Kind) -> bytes:
    """A sheet as JPEG, a quarter of its PNG; a plot as it is. ReseenError: no picture."""
    return read_image(file, jpeg_bytes if kind.sheet else lambda _: file.read_bytes())
