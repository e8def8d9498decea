"""Whether learned travel times suggest that the clock of a camera is wrong."""

from collections.abc import Sequence

from reseen.linking.results import Way

_LEAST = 3.0
"""Seconds that are worth a warning."""


def clocks_apart(ways: Sequence[Way]) -> list[str]:
    """One line a pair of cameras whose travel times differ much by direction, or are negative in one alone."""
    by_name = {(way.origin, way.target): way.times for way in ways if way.origin != way.target}
    lines = []
    for (origin, target), times in by_name.items():
        back = by_name.get((target, origin))
        if back is not None and origin < target:
            apart = (times.median - back.median) / 2
            if abs(apart) > max(_LEAST, (times.median + back.median) / 4):
                ahead, behind = (target, origin) if apart > 0 else (origin, target)
                lines.append(
                    f"the clock of camera {ahead} may be {abs(apart):.0f} s ahead of {behind}'s: travel takes "
                    f"{times.median:.0f} s from {origin} to {target} and {back.median:.0f} s back; "
                    f"if so, give --offset {ahead}={-abs(apart):.0f}, added to what was given for it"
                )
    return lines
