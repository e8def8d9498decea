"""Showing: sheets, plots, maps and their scores, and the page that gathers a run, or two."""

from reseen.explain.asked import Wanted
from reseen.explain.beside import BesideContent, Change, write_beside
from reseen.explain.cameras import CameraMatrix, camera_matrix, plot_cameras
from reseen.explain.confusions import Confusion, confused_pairs, confusion_sheet, find_confusions, known_twins
from reseen.explain.curves import plot_cmc, plot_training
from reseen.explain.encode import jpeg_bytes, png_bytes, write_png
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
from reseen.explain.overlay import contrast_overlay, overlay
from reseen.explain.pick import Changed, changed_queries, pick_queries, worst_queries
from reseen.explain.pictures import Picture, picture_of
from reseen.explain.report import ReportContent, ScoreRow, write_report
from reseen.explain.scatter import Panel, place_on_plane, plot_plane, sample_identities
from reseen.explain.scoring import ScoredExplanations, score_explanations, score_page, write_scores
from reseen.explain.sheet import Tile, draw_sheet, ranked_sheet, ranked_tiles
from reseen.explain.similarities import Similarities, count_similarities, plot_similarities

__all__ = [
    "METHODS",
    "AttentionMaps",
    "BesideContent",
    "CameraMatrix",
    "Change",
    "Changed",
    "Confusion",
    "Explained",
    "PairMaps",
    "Panel",
    "Picture",
    "ReportContent",
    "ScoreRow",
    "ScoredExplanations",
    "Side",
    "Similarities",
    "Tile",
    "Wanted",
    "attention_maps",
    "camera_matrix",
    "changed_queries",
    "confused_pairs",
    "confusion_sheet",
    "contrast_maps",
    "contrast_overlay",
    "count_similarities",
    "draw_sheet",
    "explain_attention",
    "explain_run",
    "find_confusions",
    "jpeg_bytes",
    "known_twins",
    "overlay",
    "pick_queries",
    "picture_of",
    "place_on_plane",
    "plot_cameras",
    "plot_cmc",
    "plot_plane",
    "plot_similarities",
    "plot_training",
    "png_bytes",
    "position_table",
    "ranked_sheet",
    "ranked_tiles",
    "sample_identities",
    "score_explanations",
    "score_page",
    "similarity_maps",
    "stage_layers",
    "summed",
    "worst_queries",
    "write_beside",
    "write_png",
    "write_report",
    "write_scores",
]
