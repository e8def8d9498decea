"""Showing: sheets, plots, and the page that gathers a run, or two."""

from reseen.explain.beside import BesideContent, Change, write_beside
from reseen.explain.cameras import CameraMatrix, camera_matrix, plot_cameras
from reseen.explain.confusions import Confusion, confused_pairs, confusion_sheet, find_confusions, known_twins
from reseen.explain.curves import plot_cmc, plot_training
from reseen.explain.encode import jpeg_bytes, png_bytes, write_png
from reseen.explain.pick import Changed, changed_queries, pick_queries, worst_queries
from reseen.explain.pictures import Picture, picture_of
from reseen.explain.report import ReportContent, ScoreRow, write_report
from reseen.explain.scatter import Panel, place_on_plane, plot_plane, sample_identities
from reseen.explain.sheet import Tile, draw_sheet, ranked_sheet, ranked_tiles
from reseen.explain.similarities import Similarities, count_similarities, plot_similarities

__all__ = [
    "BesideContent",
    "CameraMatrix",
    "Change",
    "Changed",
    "Confusion",
    "Panel",
    "Picture",
    "ReportContent",
    "ScoreRow",
    "Similarities",
    "Tile",
    "camera_matrix",
    "changed_queries",
    "confused_pairs",
    "confusion_sheet",
    "count_similarities",
    "draw_sheet",
    "find_confusions",
    "jpeg_bytes",
    "known_twins",
    "pick_queries",
    "picture_of",
    "place_on_plane",
    "plot_cameras",
    "plot_cmc",
    "plot_plane",
    "plot_similarities",
    "plot_training",
    "png_bytes",
    "ranked_sheet",
    "ranked_tiles",
    "sample_identities",
    "worst_queries",
    "write_beside",
    "write_png",
    "write_report",
]
