"""The maps that `reseen explain` saved in a run, as images for its page."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from reseen.data.opening import read_image
from reseen.draw.encode import jpeg_bytes
from reseen.engine.run import Run
from reseen.report.images import PageImage

_MOST = 2
"""Sheets of one kind on a page; the others stay in their folder."""


class _Kind(NamedTuple):
    """A kind of file: its title and caption on the page, and whether it is a sheet of photographs."""

    title: str
    caption: str
    sheet: bool


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "pairs-": _Kind(
            "Why they match",
            "Each row: a query and an entry of its ranking, each with a map of the regions that make it similar to the "
            "other (the brighter, the more). Where a wrong entry ranks first, the last image shows which regions of "
            "the query speak for the true match (orange) and which for the wrong one (blue).",
            sheet=True,
        ),
        "attention-": _Kind(
            "Attention",
            "The model's own attention over each image, from its lowest value (dark) to its highest (bright); both "
            "stand under the map.",
            sheet=True,
        ),
        "channels": _Kind(
            "Channel weights",
            "The weight that attention gives each channel, sorted: the mean over images, and the range of the middle "
            "80 % of them.",
            sheet=False,
        ),
    }
)


def saved_maps(run: Run) -> list[PageImage]:
    """The first sheets of each kind in the run's ``explain/``, if any."""
    return [image for start, kind in _KINDS.items() for image in _of_kind(run.explanations, start, kind)]


def _of_kind(folder: Path, start: str, kind: _Kind) -> Iterator[PageImage]:
    files = sorted(folder.glob(f"{start}*.png"))
    more = f" {len(files) - _MOST} more sheets are in {folder}." if len(files) > _MOST else ""
    for number, file in enumerate(files[:_MOST], start=1):
        title = kind.title if number == 1 else f"{kind.title}, {number}"
        yield PageImage(title, kind.caption + more * (number == _MOST), _bytes(file, kind), group="maps")


def _bytes(file: Path, kind: _Kind) -> bytes:
    """A sheet as JPEG, a quarter of its PNG; a plot as it is. ReseenError: the file is not an image."""
    return read_image(file, jpeg_bytes if kind.sheet else lambda _: file.read_bytes())
