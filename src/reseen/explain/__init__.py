"""Why two images match: maps over both, the attention itself, and whether such maps are true."""

from reseen.explain.explain_attention import explain_attention
from reseen.explain.explain_run import Explained, explain_run
from reseen.explain.maps import (
    METHODS,
    AttentionMaps,
    PairMaps,
    Side,
    attention_maps,
    contrast_maps,
    position_table,
    similarity_maps,
    stage_layers,
    summed,
)
from reseen.explain.queries import Wanted
from reseen.explain.scoring import ScoredExplanations, score_explanations, score_page, write_scores

__all__ = [
    "METHODS",
    "AttentionMaps",
    "Explained",
    "PairMaps",
    "ScoredExplanations",
    "Side",
    "Wanted",
    "attention_maps",
    "contrast_maps",
    "explain_attention",
    "explain_run",
    "position_table",
    "score_explanations",
    "score_page",
    "similarity_maps",
    "stage_layers",
    "summed",
    "write_scores",
]
