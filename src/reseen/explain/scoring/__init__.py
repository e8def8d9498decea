"""Scores of explanations, on data whose distinguishing marks are known."""

from reseen.explain.scoring.score import PAIRS, score_explanations
from reseen.explain.scoring.scores import SCORES, ScoredExplanations, ScoredMap, ScoredQuestion
from reseen.explain.scoring.table import (
    COLUMNS,
    STAR,
    TITLES,
    alone,
    caption,
    score_page,
    score_rows,
    scores_as_json,
    write_scores,
)

__all__ = [
    "COLUMNS",
    "PAIRS",
    "SCORES",
    "STAR",
    "TITLES",
    "ScoredExplanations",
    "ScoredMap",
    "ScoredQuestion",
    "alone",
    "caption",
    "score_explanations",
    "score_page",
    "score_rows",
    "scores_as_json",
    "write_scores",
]
