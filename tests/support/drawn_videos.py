"""Small videos whose frames carry their number as colours."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 64, 48
_STEP = 25


def draw_frame(number: int, *, size: tuple[int, int] = (WIDTH, HEIGHT)) -> NDArray[np.uint8]:
    """Three stripes from left to right whose greys are the digits of the number, hundreds first."""
    digits = [number // 100 % 10, number // 10 % 10, number % 10]
    wide, high = size
    frame = np.zeros((high, wide, 3), np.uint8)
    for place, digit in enumerate(digits):
        frame[:, place * wide // 3 : (place + 1) * wide // 3] = 10 + _STEP * digit
    return frame


def number_in(image: NDArray[np.uint8]) -> int:
    """The number that `draw_frame` drew."""
    high, wide = image.shape[:2]
    middles = [
        image[high // 2 - 4 : high // 2 + 4, wide * (2 * p + 1) // 6 - 3 : wide * (2 * p + 1) // 6 + 3]
        for p in range(3)
    ]
    digits = [round((float(part.mean()) - 10) / _STEP) for part in middles]
    return 100 * digits[0] + 10 * digits[1] + digits[2]


def write_video(
    path: Path,
    *,
    count: int = 30,
    codec: str = "mpeg4",
    bframes: int = 0,
    every: int = 12,
    stamps: Sequence[int] | None = None,
    rate: int = 10,
    rotation: int = 0,
) -> Path:
    """Write ``count`` numbered frames with a keyframe every so many; ``stamps``: when each is shown, in ms."""
    import av

    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 4_000_000
        stream.codec_context.gop_size = every
        stream.codec_context.max_b_frames = bframes
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000 if stamps else rate)
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(draw_frame(number), format="rgb24")
            frame.pts = stamps[number] if stamps else number
            frame.time_base = stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
