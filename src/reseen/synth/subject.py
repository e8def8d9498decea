"""A kind of object as the generator sees it; vehicles and persons are one Subject each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from reseen.synth.render.mesh import Part
from reseen.synth.render.station import Station
from reseen.synth.render.street import StreetTiles


class Description(NamedTuple):
    """An identity's labels for the layouts and synth.json.

    ``twin``: it is one of a pair; the two of a pair follow each other. ``colour`` and ``kind``: numbers in the
    subject's lists. ``marks``: what distinguishes it from its twin.
    """

    twin: bool
    colour: int
    kind: int
    marks: tuple[str, ...]
    facts: Mapping[str, object]


class Subject(NamedTuple):
    """One kind of object.

    ``draw_identities(count, *, twins_share, rng)`` -> identities, pairs of twins next to each other.
    ``draw_state(station, rng)`` -> what changes from image to image; hashable.
    ``build(identity, state)`` -> parts. ``stations(rng)`` -> the cameras, numbered from 1.
    ``aspect``: width / height of an image whose size is given by one number. ``layout``: a name in LAYOUTS.
    ``lay_out(name, *, light, seed)`` -> the tiles of a station's street.
    """

    draw_identities: Callable[..., Sequence[Any]]
    draw_state: Callable[[Station, np.random.Generator], Any]
    build: Callable[[Any, Any], list[Part]]
    stations: Callable[[np.random.Generator], list[Station]]
    describe: Callable[[Any], Description]
    colours: Mapping[int, str]
    kinds: Mapping[int, str]
    aspect: float
    layout: str
    lay_out: Callable[..., StreetTiles]
