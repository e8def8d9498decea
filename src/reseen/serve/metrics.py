"""Counters for Prometheus: requests, batches, connections, the gallery's size; one registry per application."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE

__all__ = ["CONTENT_TYPE", "Metrics"]

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_SIZES = (1, 2, 4, 8, 16, 32)


class Metrics:
    """The service's counters; ``records`` returns the gallery's size when they are read."""

    def __init__(self, *, records: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "reseen_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "reseen_request_seconds",
            "Seconds from a request's head to its answer's end.",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._batches = Histogram(
            "reseen_batch_pictures", "Images in one pass of the network.", buckets=_SIZES, registry=self._registry
        )
        self._dropped = Counter(
            "reseen_connections_dropped",
            "Connections closed because their client kept them waiting or had too many.",
            registry=self._registry,
        )
        Gauge("reseen_gallery_records", "Records in the gallery.", registry=self._registry).set_function(records)

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def embedded(self, images: int) -> None:
        """Count a pass of the network."""
        self._batches.observe(images)

    def dropped(self) -> None:
        """Count a dropped connection."""
        self._dropped.inc()

    def text(self) -> bytes:
        """All counters in Prometheus' text format."""
        return generate_latest(self._registry)
