"""Linking: tracks of many cameras, each as one vector -> who is who. Knows vectors and times, no networks."""

from reseen.linking.link import link
from reseen.linking.online import Linker, Revised, Updated
from reseen.linking.results import Link, Linking, Way
from reseen.linking.settings import LinkSettings
from reseen.linking.sightings import Sightings
from reseen.linking.topology import Window, read_topology
from reseen.linking.travel import TravelTimes

__all__ = [
    "Link",
    "LinkSettings",
    "Linker",
    "Linking",
    "Revised",
    "Sightings",
    "TravelTimes",
    "Updated",
    "Way",
    "Window",
    "link",
    "read_topology",
]
