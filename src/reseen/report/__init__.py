"""Pages: of a run, of two runs, of a task, of a linking; each is a `Page` of scores, images and sections."""

from reseen.report.differences import Change
from reseen.report.images import PageImage, image_of
from reseen.report.page import Cell, Page, Section, Table, write_page
from reseen.report.scores import ScoreRow, score_section

__all__ = [
    "Cell",
    "Change",
    "Page",
    "PageImage",
    "ScoreRow",
    "Section",
    "Table",
    "image_of",
    "score_section",
    "write_page",
]
