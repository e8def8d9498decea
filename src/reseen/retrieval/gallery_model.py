"""Whose vectors a gallery holds, and which thresholds hold for them: those it was made with, or its embedder's."""

from typing import TYPE_CHECKING

from reseen.errors import ReseenError
from reseen.retrieval.schema import GalleryModel

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder


def model_of(embedder: "Embedder") -> GalleryModel:
    """The model of an embedder's vectors."""
    return GalleryModel(embedder.fingerprint, embedder.width, embedder.threshold, embedder.facts.search)


def with_thresholds_of(held: GalleryModel, expected: GalleryModel | None) -> GalleryModel:
    """The model that a gallery holds, with the thresholds of the one that is expected, as far as it has some."""
    if expected is None:
        return held
    threshold = held.threshold if expected.threshold is None else expected.threshold
    return held._replace(threshold=threshold, search=expected.search or held.search)


def require_same_model(held: GalleryModel, expected: GalleryModel | None, *, uri: str) -> None:
    """Raise ReseenError if the gallery holds vectors of another model than is expected."""
    if expected is not None and (expected.fingerprint, expected.width) != (held.fingerprint, held.width):
        raise ReseenError(
            f"{uri}: this gallery holds vectors of model {held.fingerprint} ({held.width} wide), got "
            f"model {expected.fingerprint} ({expected.width} wide); use the gallery's model, or make a new gallery"
        )
