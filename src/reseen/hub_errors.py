"""What the Hub's client and downloads of weights raise, each in our words for the user."""

from collections.abc import Mapping
from types import MappingProxyType

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "GatedRepoError": "its owner grants access on request: ask on its page, then `hf auth login`",
        "RepositoryNotFoundError": "there is no such repository, or it is private and you must `hf auth login`",
        "RevisionNotFoundError": "it has no such revision",
        "LocalEntryNotFoundError": "it is not in the cache, and the Hub cannot be reached",
        "HFValidationError": "this is not a repository's name",
        "OfflineModeIsEnabled": "the Hub's client is offline; unset HF_HUB_OFFLINE",
        "TransportError": "the Hub cannot be reached; check the network",  # of httpx, which newer clients use
        "ConnectionError": "the Hub cannot be reached; check the network",  # of requests, which older clients use
    }
)
"""Name of an error, or of one that it is derived from -> the reason."""


def hub_errors() -> tuple[type[Exception], ...]:
    """What the Hub's client raises: its own errors, and those of the HTTP library that its release uses."""
    from huggingface_hub.errors import HfHubHTTPError

    return (OSError, ValueError, *HfHubHTTPError.__bases__)


def reason_of(error: BaseException) -> str:
    """Ours for an error of huggingface_hub's or one derived from it, else its own first line."""
    for kind in type(error).__mro__:
        if kind.__name__ in REASONS:
            return REASONS[kind.__name__]
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
