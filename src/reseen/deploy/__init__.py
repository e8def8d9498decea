"""Networks outside training: loaded from any source, exported, run, shared on the Hub."""

from typing import TYPE_CHECKING

from reseen.lazy import lazy_names

if TYPE_CHECKING:
    from reseen.deploy.export import Exported, export_network, images_of
    from reseen.deploy.facts import Facts, LoadedNetwork, Network
    from reseen.deploy.hub import Pushed, load_from_hub, push
    from reseen.deploy.loading import load_network
    from reseen.deploy.search_threshold import SearchThreshold

__all__ = [
    "Exported",
    "Facts",
    "LoadedNetwork",
    "Network",
    "Pushed",
    "SearchThreshold",
    "export_network",
    "images_of",
    "load_from_hub",
    "load_network",
    "push",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "export": ("Exported", "export_network", "images_of"),
        "facts": ("Facts", "LoadedNetwork", "Network"),
        "hub": ("Pushed", "load_from_hub", "push"),
        "loading": ("load_network",),
        "search_threshold": ("SearchThreshold",),
    },
)
