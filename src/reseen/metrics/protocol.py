"""Protocols as data: which gallery entries count for a query, in how many trials, to which depth, and the source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from reseen.errors import ReseenError, unknown


@dataclass(frozen=True)
class Protocol:
    """The rules of one way to evaluate.

    Args:
        name: The protocol's name.
        drop_same_camera: Whether gallery entries of the query's identity and camera are left out of its ranking.
        junk: Identities, as text, whose gallery entries are left out for every query.
        source: Where the rules are written down.
        tracks: Whether an entry is a track, as near as its nearest image.
        same_pictures: Whether query and gallery hold the same images, recognised by name; no image is ranked for
            itself, and an image that a trial draws into its gallery is no query of that trial.
        shots: Images of each identity that a trial draws into its gallery; None: all, and a single trial. Of the
            query's own identity they are drawn among those that count for it.
        trials: How often the gallery is drawn.
        seed: Decides the draws.
        depth: Ranks that average precision counts; matches beyond add nothing, and stay in the denominator. None: all.

    Raises:
        ValueError: A number is below 1, or several trials draw nothing.
    """

    name: str
    drop_same_camera: bool
    junk: tuple[str, ...]
    source: str
    tracks: bool = False
    same_pictures: bool = False
    shots: int | None = None
    trials: int = 1
    seed: int = 0
    depth: int | None = None

    def __post_init__(self) -> None:
        for field in ("shots", "trials", "depth"):
            number = getattr(self, field)
            if number is not None and number < 1:
                raise ValueError(f"{field}: expected at least 1, got {number}")
        if self.shots is None and self.trials > 1:
            raise ValueError(f"trials: {self.trials} trials need 'shots', how many images an identity each draws")

    def describe(self) -> str:
        """The rules in one clause, to stand beside every score."""
        rules = ["same identity and camera dropped" if self.drop_same_camera else "same camera kept"]
        rules += [f"identity {', '.join(self.junk)} dropped" if self.junk else "no identity dropped"]
        rules += ["a track counts as its nearest image"] * self.tracks
        rules += ["no image ranked for itself"] * self.same_pictures
        if self.shots is not None:
            images = "1 image" if self.shots == 1 else f"{self.shots} images"
            trials = "1 trial" if self.trials == 1 else f"mean of {self.trials} trials"
            rules += [f"{images} an identity drawn as gallery, {trials}, seed {self.seed}"]
        if self.depth is not None:
            rules += [f"average precision over the first {self.depth} ranks of all matches"]
        return f"{self.name} ({', '.join(rules)})"


def custom_protocol(
    *,
    drop_same_camera: bool,
    junk: Sequence[str | int] = ("-1",),
    tracks: bool = False,
    same_pictures: bool = False,
    shots: int | None = None,
    trials: int = 1,
    seed: int = 0,
    depth: int | None = None,
) -> Protocol:
    """Make a protocol of its own rules, for ``evaluate(protocol=...)``.

    Args:
        drop_same_camera: Whether gallery entries of the query's identity and camera are left out of its ranking.
        junk: Identities whose gallery entries are left out for every query.
        tracks: As in ``Protocol``, and so are the others.
        same_pictures: See ``Protocol``.
        shots: See ``Protocol``.
        trials: See ``Protocol``.
        seed: See ``Protocol``.
        depth: See ``Protocol``.

    Returns:
        The protocol, named "custom".

    Raises:
        ValueError: A number is below 1, or several trials draw nothing.

    Example:
        >>> custom_protocol(drop_same_camera=False, junk=[0], depth=100).describe()
        'custom (same camera kept, identity 0 dropped, average precision over the first 100 ranks of all matches)'
    """
    return Protocol(
        "custom",
        drop_same_camera=drop_same_camera,
        junk=tuple(str(identity) for identity in junk),
        source="given by the user",
        tracks=tracks,
        same_pictures=same_pictures,
        shots=shots,
        trials=trials,
        seed=seed,
        depth=depth,
    )


def _cross_camera(
    name: str, source: str, *, tracks: bool = False, shots: int | None = None, trials: int = 1
) -> Protocol:
    return Protocol(name, drop_same_camera=True, junk=("-1",), source=source, tracks=tracks, shots=shots, trials=trials)


_TABLE = (
    _cross_camera("market1501", "Zheng et al., ICCV 2015"),
    _cross_camera("dukemtmc", "Zheng et al., ICCV 2017: Market-1501's rules on DukeMTMC"),
    _cross_camera("msmt17", "Wei et al., CVPR 2018: Market-1501's rules"),
    _cross_camera("cuhk03", "Zhong et al., CVPR 2017: the new protocol, 767 training and 700 test identities"),
    _cross_camera("cuhk03_classic", "Li et al., CVPR 2014: single gallery shot", shots=1, trials=10),
    _cross_camera("veri776", "Liu et al., ECCV 2016; image to image"),
    _cross_camera("veri776_track", "Liu et al., ECCV 2016; image to track", tracks=True),
    Protocol(
        "vehicleid",
        drop_same_camera=False,
        junk=("-1",),
        source="Liu et al., CVPR 2016: one image an identity is the gallery, the others are queries",
        same_pictures=True,
        shots=1,
        trials=10,
    ),
    Protocol(
        "veriwild",
        drop_same_camera=False,
        junk=("-1",),
        source="Lou et al., CVPR 2019, as the test code they first released ranks",
    ),
    _cross_camera(
        "veriwild_cross_camera", "Lou et al., CVPR 2019, as the authors say that the paper's scores were made"
    ),
    Protocol(
        "aic",
        drop_same_camera=False,
        junk=("-1",),
        source="AI City Challenge, re-identification: mAP, the area under the precision-recall curve, of the top 100; "
        "recall is over all matches, so a match past rank 100 counts as missed",
        depth=100,
    ),
    Protocol("wildlife", drop_same_camera=False, junk=(), source="the gallery as it is; for data without cameras"),
)

PROTOCOLS: Mapping[str, Protocol] = MappingProxyType({protocol.name: protocol for protocol in _TABLE})


def find_protocol(protocol: str | Protocol) -> Protocol:
    """A protocol by name, or the one given. ReseenError names the known ones."""
    if isinstance(protocol, Protocol):
        return protocol
    if protocol not in PROTOCOLS:
        raise ReseenError(unknown("protocol", protocol, PROTOCOLS))
    return PROTOCOLS[protocol]


def protocol_without_cameras() -> str:
    """The name of a protocol that needs only identities, for errors about cameras."""
    return "wildlife"
