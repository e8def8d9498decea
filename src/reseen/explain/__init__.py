"""Showing: ranked sheets, curves, and the one page that gathers a run."""

from reseen.explain.curves import plot_cmc, plot_training
from reseen.explain.encode import jpeg_bytes, png_bytes, write_png
from reseen.explain.pick import pick_queries
from reseen.explain.report import (
    DataRow,
    Picture,
    ReportContent,
    ScoreRow,
    cmc_picture,
    sheet_picture,
    training_picture,
    write_report,
)
from reseen.explain.sheet import Tile, draw_sheet, ranked_sheet

__all__ = [
    "DataRow",
    "Picture",
    "ReportContent",
    "ScoreRow",
    "Tile",
    "cmc_picture",
    "draw_sheet",
    "jpeg_bytes",
    "pick_queries",
    "plot_cmc",
    "plot_training",
    "png_bytes",
    "ranked_sheet",
    "sheet_picture",
    "training_picture",
    "write_png",
    "write_report",
]
