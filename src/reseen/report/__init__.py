"""Pages: of a run, of two runs side by side, of a task's run; each is a `Page` of scores, pictures and sections."""

from reseen.report.differences import Change
from reseen.report.page import Cell, Page, Section, Table, write_page
from reseen.report.pictures import Picture, picture_of
from reseen.report.scores import ScoreRow, score_section

__all__ = [
    "Cell",
    "Change",
    "Page",
    "Picture",
    "ScoreRow",
    "Section",
    "Table",
    "picture_of",
    "score_section",
    "write_page",
]
