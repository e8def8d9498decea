"""Who is who in a gallery: records to name, identities to merge and to split are proposed; a person decides."""

from typing import TYPE_CHECKING

from reseen.lazy import lazy_names

if TYPE_CHECKING:
    from reseen.retrieval.discover.decisions import Decisions
    from reseen.retrieval.discover.journal import Decision
    from reseen.retrieval.discover.proposal import Discovery, Nearby, Proposal
    from reseen.retrieval.discover.propose import DiscoverSettings

__all__ = ["Decision", "Decisions", "DiscoverSettings", "Discovery", "Nearby", "Proposal"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "decisions": ("Decisions",),
        "journal": ("Decision",),
        "proposal": ("Discovery", "Nearby", "Proposal"),
        "propose": ("DiscoverSettings",),
    },
)
