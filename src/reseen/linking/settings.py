"""How to link, as a user may choose it."""

from dataclasses import dataclass

from reseen.errors import ReseenError
from reseen.linking.bias import Bias
from reseen.linking.clustering import Linkage


@dataclass(frozen=True)
class LinkSettings:
    """How to link.

    Args:
        bias: "mean" subtracts each camera's mean vector; "none" does not.
        linkage: "average" evidence of all pairs of two clusters, or the least ("complete").
        learn_times: Learn travel times from confident links.
        neighbours: The best of each sighting in each camera that are looked at.
        returns: Individuals may pass a camera again. If not, two tracks of a camera are of one individual only where
            the second begins so soon after the first that it was broken in two.
        caution: Nats of evidence that a merge needs; above 0 there are fewer false links and fewer links.

    Example:
        >>> LinkSettings(caution=1.0).linkage
        'average'
    """

    bias: Bias = "mean"
    linkage: Linkage = "average"
    learn_times: bool = True
    neighbours: int = 5
    returns: bool = False
    caution: float = 0.0

    def __post_init__(self) -> None:
        if self.linkage not in ("average", "complete"):
            raise ReseenError(f"linkage: expected average or complete, got {self.linkage}")
        if self.neighbours < 2:
            raise ReseenError(f"neighbours: expected at least 2, got {self.neighbours}")


DEFAULTS = LinkSettings()
"""What is linked by unless something else is said."""
