"""The facts of each layout as plain values and as lines, for `reseen datasets`."""

from collections.abc import Iterable, Sequence

from reseen.data.datasets import LAYOUTS
from reseen.data.datasets.layout import Count, PublishedCounts
from reseen.errors import ReseenError, unknown

PARTS = ("train", "query", "gallery", "whole")
"""The counted parts; a whole is split into the other three here."""


def find_layouts(name: str = "") -> list[str]:
    """The layout of this name, or those whose names begin so, as with "vehicleid"; all for "".

    Raises ReseenError for a name that fits none.
    """
    layouts = [layout for layout in LAYOUTS if layout.startswith(name.lower())]
    if not layouts:
        raise ReseenError(unknown("data set", name, LAYOUTS))
    return [name] if name in layouts else layouts


def describe(names: Iterable[str]) -> list[dict[str, object]]:
    """These layouts as JSON values: about the set, protocol, form on disk, published counts."""
    return [
        {
            "layout": name,
            **LAYOUTS[name].about._asdict(),
            "protocol": protocol_of(name),
            "expects": LAYOUTS[name].expects,
            "published": [_edition(edition) for edition in LAYOUTS[name].published],
        }
        for name in names
    ]


def text_lines(names: Sequence[str], *, briefly: bool) -> list[str]:
    """A line on how to get each set, or, not ``briefly``, everything known of each layout with its counts."""
    if briefly:
        abouts = dict.fromkeys(LAYOUTS[name].about for name in names)
        known = (about for about in abouts if about.task != "any")
        return [f"{about.title} ({about.task}): {about.access}; {about.licence}" for about in known]
    return [line for name in names for line in _everything(name)]


def protocol_of(name: str) -> str:
    """The protocol that a layout's scores are printed under, in words where cameras decide it."""
    return LAYOUTS[name].protocol or "by cameras"


def count_of(name: str, part: str) -> str:
    """A layout's published images and identities of a part, a line an edition; "-" where there are none."""
    counts = [edition.parts[part] for edition in LAYOUTS[name].published if part in edition.parts]
    return "\n".join(count.words() for count in counts) or "-"


def _everything(name: str) -> list[str]:
    layout = LAYOUTS[name]
    counts = [
        f"  holds: {', '.join(f'{part} {count.words()}' for part, count in edition.parts.items())}"
        + (f" ({edition.edition})" if edition.edition else "")
        for edition in layout.published
    ]
    facts = {"task": layout.about.task, "source": layout.about.source, "access": layout.about.access}
    terms = {"licence": layout.about.licence, "protocol": protocol_of(name), "on disk": layout.expects}
    lines = [f"  {fact}: {text}" for fact, text in {**facts, **terms}.items()]
    return [f"{name}: {layout.about.title}", *lines, *counts]


def _edition(edition: PublishedCounts) -> dict[str, object]:
    counts = {part: _count(count) for part, count in edition.parts.items()}
    return {"edition": edition.edition, **counts} if edition.edition else {**counts}


def _count(count: Count) -> dict[str, int | None]:
    return {"pictures": count.images, "identities": count.identities}
