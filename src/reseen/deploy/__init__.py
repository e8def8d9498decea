"""Networks outside training: loaded from any source, exported, run, shared on the Hub."""

from typing import TYPE_CHECKING

from reseen.lazy import lazy_names

if TYPE_CHECKING:
    from reseen.deploy.export import Exported, export_network, images_of
    from reseen.deploy.facts import Facts, LoadedNetwork, Network
    from reseen.deploy.hub import load_from_hub
    from reseen.deploy.loading import load_network
    from reseen.deploy.pushing import Pushed, push
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
        "hub": ("load_from_hub",),
        "loading": ("load_network",),
        "pushing": ("Pushed", "push"),
        "search_threshold": ("SearchThreshold",),
    },
)
