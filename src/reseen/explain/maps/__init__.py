"""Maps: what a model looks at when it finds two pictures alike."""

from reseen.explain.maps.attention import AttentionMaps, attention_maps, has_attention
from reseen.explain.maps.decomposition import position_table
from reseen.explain.maps.side import Side, Vectors, branch_vectors, similarity_shares
from reseen.explain.maps.similarity import (
    METHODS,
    Maps,
    PairMaps,
    checked_stage,
    contrast_maps,
    maps_toward,
    similarity_maps,
    summed,
)
from reseen.explain.maps.stages import stage_layers

__all__ = [
    "METHODS",
    "AttentionMaps",
    "Maps",
    "PairMaps",
    "Side",
    "Vectors",
    "attention_maps",
    "branch_vectors",
    "checked_stage",
    "contrast_maps",
    "has_attention",
    "maps_toward",
    "position_table",
    "similarity_maps",
    "similarity_shares",
    "stage_layers",
    "summed",
]
