"""Frames of cameras, from video files and from folders, and the boxes of tracks cut out of them."""

from reseen.data.frames.frame import Frame, Frames
from reseen.data.frames.video import Video

__all__ = ["Frame", "Frames", "Video"]
