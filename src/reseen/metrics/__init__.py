"""Evaluation: checked embeddings, protocols as data, ranks by counting, scores and their confidence intervals."""

from reseen.metrics.association.boxes import IdentifiedBoxes
from reseen.metrics.association.scores import LinkScores, only_in_several_cameras, score_links
from reseen.metrics.average_precision import AVERAGE_PRECISIONS
from reseen.metrics.confidence.comparison import Comparison, compare
from reseen.metrics.confidence.intervals import interval
from reseen.metrics.confidence.rates import Estimate
from reseen.metrics.embedded import Embedded
from reseen.metrics.evaluation import evaluate, require_valid_query
from reseen.metrics.memory import predict_memory
from reseen.metrics.postprocess.camera_bias import without_camera_bias
from reseen.metrics.postprocess.expand import expand_gallery, expand_query
from reseen.metrics.postprocess.part_areas import PartAreas
from reseen.metrics.postprocess.rerank import KReciprocal, Reranking, k_reciprocal
from reseen.metrics.protocol import PROTOCOLS, Protocol, custom_protocol
from reseen.metrics.ranking.rankings import Rankings, rankings
from reseen.metrics.report import Report
from reseen.metrics.verification.calibrate import calibrate
from reseen.metrics.verification.calibration import Calibration

__all__ = [
    "AVERAGE_PRECISIONS",
    "PROTOCOLS",
    "Calibration",
    "Comparison",
    "Embedded",
    "Estimate",
    "IdentifiedBoxes",
    "KReciprocal",
    "LinkScores",
    "PartAreas",
    "Protocol",
    "Rankings",
    "Report",
    "Reranking",
    "calibrate",
    "compare",
    "custom_protocol",
    "evaluate",
    "expand_gallery",
    "expand_query",
    "interval",
    "k_reciprocal",
    "only_in_several_cameras",
    "predict_memory",
    "rankings",
    "require_valid_query",
    "score_links",
    "without_camera_bias",
]
