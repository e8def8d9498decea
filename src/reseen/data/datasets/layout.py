"""A layout: how it is recognised, read, evaluated and described, and the counts that its authors published."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from reseen.data.table import Splits


class About(NamedTuple):
    """A data set in words. ``source``: its authors and publication. ``licence``: its terms, as far as we know them."""

    title: str
    task: Literal["person", "vehicle", "animal", "any"]
    source: str
    access: str
    licence: str


class Count(NamedTuple):
    """How many images of how many identities; None where sources do not agree."""

    images: int
    identities: int | None = None

    def words(self) -> str:
        """As messages have it.

        >>> Count(3_368, 750).words()
        '3,368 of 750'
        """
        return f"{self.images:,}" + ("" if self.identities is None else f" of {self.identities:,}")


class PublishedCounts(NamedTuple):
    """The counts of a set by its authors, or by their lists, without junk (identity -1).

    ``whole``: the three tables together, for a set that is split here. ``edition`` tells several apart.
    """

    train: Count | None = None
    query: Count | None = None
    gallery: Count | None = None
    whole: Count | None = None
    edition: str = ""

    @property
    def parts(self) -> dict[str, Count]:
        """The published counts: "train", "query", "gallery" or "whole" -> Count."""
        counts = {"train": self.train, "query": self.query, "gallery": self.gallery, "whole": self.whole}
        return {part: count for part, count in counts.items() if count}


class Layout(NamedTuple):
    """How one layout is recognised, read and described.

    ``read`` takes the folder (or file), and the ``seed`` where it has to make a split. ``protocol``: the name of the
    one its scores are printed under; None: market1501 where cameras are known, and wildlife where they are not.
    ``queries_in_gallery``: every query image stands in the gallery too, under the same file name.
    ``same_camera_counts``: the protocol takes a match under the query's own camera.
    """

    recognise: Callable[[Path], bool]
    read: Callable[..., Splits]
    expects: str
    about: About
    protocol: str | None = None
    published: tuple[PublishedCounts, ...] = ()
    queries_in_gallery: bool = False
    same_camera_counts: bool = False
