"""How the rows of a TransReID checkpoint's side information are numbered, and how cameras and views are called."""

from reseen.errors import ReseenError
from reseen.models.releases.mbr import CAMERAS, VIEWS

CAMERAS_ALONE = {6: "Market-1501", 15: "MSMT17"}
"""Rows of a table that the release has for cameras without views."""


def rows_of(count: int, cameras: int | None, views: int | None) -> tuple[int, int]:
    """How many cameras and views ``count`` rows are for; 0 views for cameras alone."""
    if cameras is None and views is None:
        if count == len(CAMERAS) * len(VIEWS):
            return len(CAMERAS), len(VIEWS)
        if count in CAMERAS_ALONE:
            return count, 0
        raise ReseenError(
            f"base.sie_embed has {count} rows: say for how many cameras and views by the options cameras and views, "
            f"such as cameras={count} views=0"
        )
    known = max(views or 0, 1) if cameras is None else max(cameras, 1)
    other = count // known
    split = (other if other > 1 else 0, views or 0) if cameras is None else (cameras, other if other > 1 else 0)
    split = split if cameras is None or views is None else (cameras, views)
    if min(split) < 0 or max(split[0], 1) * max(split[1], 1) != count:
        said = " and ".join(f"{name}={n}" for name, n in (("cameras", cameras), ("views", views)) if n is not None)
        raise ReseenError(f"base.sie_embed has {count} rows, which are no product of cameras and views with {said}")
    return split


def names_of(cameras: int, views: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """As our readers of VeRi-776, Market-1501 and MSMT17 name them; for other numbers 1, 2, ..."""
    if (cameras, views) == (len(CAMERAS), len(VIEWS)):
        return CAMERAS, VIEWS
    digits = 2 if CAMERAS_ALONE.get(cameras) == "MSMT17" and not views else 1
    return (
        tuple(f"{number:0{digits}d}" for number in range(1, cameras + 1)),
        tuple(str(number) for number in range(1, views + 1)),
    )
