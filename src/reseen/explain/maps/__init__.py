"""Maps: what a model looks at when it finds two pictures alike."""

from reseen.explain.maps.attention import AttentionMaps, attention_maps
from reseen.explain.maps.decomposition import position_table
from reseen.explain.maps.side import Side, branch_vectors
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
    "attention_maps",
    "branch_vectors",
    "checked_stage",
    "contrast_maps",
    "maps_toward",
    "position_table",
    "similarity_maps",
    "stage_layers",
    "summed",
]
