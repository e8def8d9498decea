"""Frames of cameras, from video files and from folders, and the boxes of tracks cut out of them."""

from reseen.data.frames.attach import FramesGiven, OnFrames, on_frames
from reseen.data.frames.crop import crops_of
from reseen.data.frames.cutting import Cut, crop_paths, cut_boxes
from reseen.data.frames.frame import Frame, Frames
from reseen.data.frames.video import Video

__all__ = [
    "Cut",
    "Frame",
    "Frames",
    "FramesGiven",
    "OnFrames",
    "Video",
    "crop_paths",
    "crops_of",
    "cut_boxes",
    "on_frames",
]
