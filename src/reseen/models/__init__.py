"""Embedders: from images to the vectors that retrieval compares."""

from reseen.deprecation import moved_names
from reseen.models.catalogue import MODELS, NamedModel
from reseen.models.embedder import SingleBranchEmbedder
from reseen.models.histogram import ColourHistogram
from reseen.models.multibranch import MultiBranchEmbedder
from reseen.models.neck import BNNeck, identity_classifier
from reseen.models.sources import Weights, read_weights, require_weights
from reseen.models.weights import LoadReport, load_weights
from reseen.models.wheels import WHEEL, WHEELS
from reseen.models.whitening import Whitening, learn_whitening

__all__ = [
    "MODELS",
    "WHEEL",
    "WHEELS",
    "BNNeck",
    "ColourHistogram",
    "LoadReport",
    "MultiBranchEmbedder",
    "NamedModel",
    "SingleBranchEmbedder",
    "Weights",
    "Whitening",
    "identity_classifier",
    "learn_whitening",
    "load_weights",
    "read_weights",
    "require_weights",
]

__getattr__ = moved_names(
    __name__, {"Embedder": "reseen.models:SingleBranchEmbedder", "build_model": "reseen:build_model"}
)
