"""Tracks of many cameras, as trackers write them, and the truth about them: reading, checking and writing."""

from reseen.data.tracks.boxes import Numbering, Tracks, inside
from reseen.data.tracks.classes import CLASS_NAMES
from reseen.data.tracks.mot import read_mot, write_mot
from reseen.data.tracks.reading import read_tracks
from reseen.data.tracks.result import read_result, write_result
from reseen.data.tracks.truth import read_truth

__all__ = [
    "CLASS_NAMES",
    "Numbering",
    "Tracks",
    "inside",
    "read_mot",
    "read_result",
    "read_tracks",
    "read_truth",
    "write_mot",
    "write_result",
]
