"""From a camera's frames to seconds on the clock that all cameras share: rates and offsets."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars

from reseen.data.tracks.boxes import RATE
from reseen.errors import ReseenError, unknown


class Clock:
    """The rates of cameras, frames a second.

    Args:
        rate: One for all cameras, some by camera, or None for what the data say.
        source: What errors name.
    """

    def __init__(self, rate: float | Mapping[str, float] | None, source: Path) -> None:
        self._common = rate if isinstance(rate, (int, float)) else None
        self._given = dict(rate) if isinstance(rate, Mapping) else {}
        self._source = source
        for value in (*self._given.values(), *(() if self._common is None else (self._common,))):
            if not 0 < value < float("inf"):
                raise ReseenError(f"rate: expected frames a second above 0, got {value}")

    def given(self, cameras: Iterable[str]) -> frozenset[str]:
        """The cameras whose rate was given."""
        return frozenset(name for name in cameras if self._common is not None or name in self._given)

    def by_camera(self, cameras: Iterable[str], *, known: Mapping[str, float] | None = None) -> dict[str, float]:
        """The rate of each camera; ``known``: what the data say, which a rate that is given must not contradict."""
        names, said = sorted(cameras), dict(known or {})
        for name in self._given:
            if name not in names:
                raise ReseenError(f"{self._source}: rate: {unknown('camera', name, names)}")
        rates = {}
        for name in names:
            asked = self._given.get(name, self._common)
            if asked is not None and name in said and asked != said[name]:
                raise ReseenError(
                    f"{self._source}: camera {name} has two rates: {said[name]:g} frames a second by its own files, "
                    f"{asked:g} as given; leave the rate out"
                )
            rates[name] = float(said.get(name, RATE) if asked is None else asked)
        return rates


def shifted(boxes: polars.DataFrame, offsets: Mapping[str, float] | None, source: Path) -> polars.DataFrame:
    """The boxes with ``offsets`` (seconds by camera) added to their times."""
    if not offsets:
        return boxes
    cameras = boxes["camera"].unique().to_list()
    for name, seconds in offsets.items():
        if name not in cameras:
            raise ReseenError(f"{source}: offsets: {unknown('camera', name, cameras)}")
        if not -float("inf") < seconds < float("inf"):
            raise ReseenError(f"{source}: offsets: expected seconds for camera {name}, got {seconds}")
    extra = boxes["camera"].replace_strict(dict(offsets), default=0.0, return_dtype=polars.Float64)
    return boxes.with_columns((boxes["time"] + extra).alias("time"))
