"""Protocols as data: which gallery entries count for a query, and where the rule comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reseen.errors import ReseenError, unknown


@dataclass(frozen=True)
class Protocol:
    """The rules of one way to evaluate.

    ``drop_same_camera``: a gallery entry of the query's identity and camera is left out of the ranking.
    ``junk``: identities, as text, whose gallery entries are left out for every query.
    ``source``: where the rule is written down.
    """

    name: str
    drop_same_camera: bool
    junk: tuple[str, ...]
    source: str

    def describe(self) -> str:
        """One clause that says the rules, to stand beside every score."""
        camera = "same identity and camera dropped" if self.drop_same_camera else "same camera kept"
        junk = f"identity {', '.join(self.junk)} dropped" if self.junk else "no identity dropped"
        return f"{self.name} ({camera}, {junk})"


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        protocol.name: protocol
        for protocol in (
            Protocol("market1501", drop_same_camera=True, junk=("-1",), source="Zheng et al., ICCV 2015"),
            Protocol("veri776", drop_same_camera=True, junk=("-1",), source="Liu et al., ECCV 2016; image to image"),
            Protocol(
                "wildlife",
                drop_same_camera=False,
                junk=(),
                source="the gallery as it is; for data without cameras",
            ),
        )
    }
)


def find_protocol(protocol: str | Protocol) -> Protocol:
    """A protocol by name, or the one given. ReseenError names the known ones."""
    if isinstance(protocol, Protocol):
        return protocol
    if protocol not in PROTOCOLS:
        raise ReseenError(unknown("protocol", protocol, PROTOCOLS))
    return PROTOCOLS[protocol]


def protocol_without_cameras() -> str:
    """The name of a protocol that asks for no camera; what an error about cameras points to."""
    return next(name for name, protocol in PROTOCOLS.items() if not protocol.drop_same_camera)
