"""Evaluation: checked embeddings, protocols as data, ranks by counting, and the scores made of them."""

from reseen.metrics.embedded import Embedded
from reseen.metrics.evaluation import evaluate, require_valid_query
from reseen.metrics.protocol import PROTOCOLS, Protocol, custom_protocol
from reseen.metrics.ranking import AVERAGE_PRECISIONS
from reseen.metrics.report import Report
from reseen.metrics.top import Rankings, rankings

__all__ = [
    "AVERAGE_PRECISIONS",
    "PROTOCOLS",
    "Embedded",
    "Protocol",
    "Rankings",
    "Report",
    "custom_protocol",
    "evaluate",
    "rankings",
    "require_valid_query",
]
