"""Why two images match: maps over both, the attention of the model, and scores of how true such maps are."""

from reseen.deprecation import moved_names
from reseen.explain.explain_attention import explain_attention
from reseen.explain.explain_run import ExplainedRun, explain_run
from reseen.explain.maps import (
    METHODS,
    AttentionMaps,
    ModelInputs,
    PairMaps,
    attention_maps,
    contrast_maps,
    position_table,
    similarity_maps,
    stage_layers,
    summed,
)
from reseen.explain.queries import QuerySelection
from reseen.explain.scoring import ScoredExplanations, score_explanations, score_page, write_scores

__all__ = [
    "METHODS",
    "AttentionMaps",
    "ExplainedRun",
    "ModelInputs",
    "PairMaps",
    "QuerySelection",
    "ScoredExplanations",
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

_MOVED = {
    "BesideContent": "reseen.report.former:BesideContent",
    "CameraMatrix": "reseen.draw:CameraMatrix",
    "Change": "reseen.report:Change",
    "Changed": "reseen.draw:Changed",
    "Confusion": "reseen.report.confusions:Confusion",
    "Explained": "reseen.explain:ExplainedRun",
    "Panel": "reseen.draw:Panel",
    "Picture": "reseen.report:PageImage",
    "ReportContent": "reseen.report.former:ReportContent",
    "ScoreRow": "reseen.report:ScoreRow",
    "Side": "reseen.explain:ModelInputs",
    "Similarities": "reseen.draw:Similarities",
    "Tile": "reseen.draw:Tile",
    "Wanted": "reseen.explain:QuerySelection",
    "camera_matrix": "reseen.draw:camera_matrix",
    "changed_queries": "reseen.draw:changed_queries",
    "confused_pairs": "reseen.report.confusions:confused_pairs",
    "confusion_sheet": "reseen.report.confusions:confusion_sheet",
    "contrast_overlay": "reseen.draw:contrast_overlay",
    "count_similarities": "reseen.draw:count_similarities",
    "draw_sheet": "reseen.draw:draw_sheet",
    "find_confusions": "reseen.report.confusions:find_confusions",
    "jpeg_bytes": "reseen.draw:jpeg_bytes",
    "known_twins": "reseen.data.twins:known_twins",
    "overlay": "reseen.draw:overlay",
    "pick_queries": "reseen.draw:pick_queries",
    "picture_of": "reseen.report:image_of",
    "place_on_plane": "reseen.draw:place_on_plane",
    "plot_cameras": "reseen.draw:plot_cameras",
    "plot_cmc": "reseen.draw:plot_cmc",
    "plot_plane": "reseen.draw:plot_plane",
    "plot_similarities": "reseen.draw:plot_similarities",
    "plot_training": "reseen.draw:plot_training",
    "png_bytes": "reseen.draw:png_bytes",
    "ranked_sheet": "reseen.draw:ranked_sheet",
    "ranked_tiles": "reseen.draw:ranked_tiles",
    "sample_identities": "reseen.draw:sample_identities",
    "worst_queries": "reseen.draw:worst_queries",
    "write_beside": "reseen.report.former:write_content",
    "write_png": "reseen.draw:write_png",
    "write_report": "reseen.report.former:write_content",
}

__getattr__ = moved_names(__name__, _MOVED)
