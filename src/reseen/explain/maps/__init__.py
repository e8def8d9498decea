"""Maps of the regions that make two images similar, and the maps of a model's own attention."""

from reseen.explain.maps.attention import AttentionMaps, attention_maps, has_attention
from reseen.explain.maps.decomposition import position_table
from reseen.explain.maps.model_inputs import ModelInputs, Vectors, branch_vectors, similarity_shares
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
    "ModelInputs",
    "PairMaps",
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
