"""Images to vectors, in a call or as a job, and galleries of records to search."""

from typing import TYPE_CHECKING

from reseen.lazy import lazy_names

if TYPE_CHECKING:
    from reseen.data.opening import ImageLimits
    from reseen.retrieval.embedder import Embedder, FileVector
    from reseen.retrieval.filters import FieldFilter, Span
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.info import Info
    from reseen.retrieval.job import FailedImage, JobDone, embed_images
    from reseen.retrieval.predicted import Prediction
    from reseen.retrieval.ray_pool import RayPool
    from reseen.retrieval.record import Added, Failure, Match, Matches, Record, Suggestion
    from reseen.retrieval.schema import GalleryModel
    from reseen.retrieval.sources import RecordSource, read_source
    from reseen.retrieval.trackers import TrackFeatures, track_features

__all__ = [
    "Added",
    "Embedder",
    "FailedImage",
    "Failure",
    "FieldFilter",
    "FileVector",
    "Gallery",
    "GalleryModel",
    "ImageLimits",
    "Info",
    "JobDone",
    "Match",
    "Matches",
    "Prediction",
    "RayPool",
    "Record",
    "RecordSource",
    "Span",
    "Suggestion",
    "TrackFeatures",
    "embed_images",
    "read_source",
    "track_features",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "embedder": ("Embedder", "FileVector", "ImageLimits"),
        "filters": ("FieldFilter", "Span"),
        "gallery": ("Gallery",),
        "info": ("Info",),
        "job": ("FailedImage", "JobDone", "embed_images"),
        "predicted": ("Prediction",),
        "ray_pool": ("RayPool",),
        "record": ("Added", "Failure", "Match", "Matches", "Record", "Suggestion"),
        "schema": ("GalleryModel",),
        "sources": ("RecordSource", "read_source"),
        "trackers": ("TrackFeatures", "track_features"),
    },
)
