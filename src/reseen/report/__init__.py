"""Pages that gather a run, two runs side by side, or a run of another task."""

from reseen.report.comparison_page import BesideContent, Change, write_beside
from reseen.report.page import ReportContent, ScoreRow, write_report
from reseen.report.pictures import Picture, picture_of

__all__ = [
    "BesideContent",
    "Change",
    "Picture",
    "ReportContent",
    "ScoreRow",
    "picture_of",
    "write_beside",
    "write_report",
]
