"""Side information of images: the camera and view of each, for networks that were evaluated with them."""

from collections.abc import Sequence
from typing import NamedTuple

from reseen.deploy.network import Names
from reseen.errors import ReseenError
from reseen.tasks.reid.query_gallery import VisibleMetadata


class SideInformation(NamedTuple):
    """The camera and view of an image by name; None if unknown."""

    camera: str | None
    view: str | None


def side_information(
    cameras: Names | None, views: Names | None, *, visible: VisibleMetadata, count: int, source: str
) -> list[SideInformation] | None:
    """The side information of each of ``count`` images, None without any.

    Raises ReseenError if the network of ``source``, which accepts ``visible``, accepts none, or for a wrong count.
    """
    for what, names, known in (("cameras", cameras, visible.cameras), ("views", views, visible.views)):
        if names is not None and not known:
            raise ReseenError(f"{what}: {source} accepts none; leave them out, or load a run evaluated with them")
        if names is not None and (isinstance(names, str) or len(names) != count):
            raise ReseenError(f"{what}: expected a list with one for each of {count} images, got {names!r:.60}")
    if cameras is None and views is None:
        return None
    unknown = [None] * count
    columns = (unknown if names is None else names for names in (cameras, views))
    return [SideInformation(*pair) for pair in zip(*columns, strict=True)]


def as_columns(metadata: Sequence[SideInformation] | None) -> tuple[Names, Names] | tuple[()]:
    """The cameras and the views, as a network takes them; nothing without any."""
    if metadata is None:
        return ()
    cameras, views = zip(*metadata, strict=True)
    return cameras, views
