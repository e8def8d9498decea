"""The frames of a video file: numbered in the order in which they are shown, decoded once, only those that are wanted.

An index is made first, from the file's packets and without decoding: when each frame is shown, and which are
keyframes. From it come the number of frames, their times, whatever the frame rate does, and where to enter the file for
a wanted frame. Needs the extra `video`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.data.frames.frame import Frame, Image
from reseen.errors import ReseenError
from reseen.extras import extra

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

_WORTH_A_SEEK = 12
"""Frames that a seek must save; below, decoding on is quicker."""
_BACK = (1, 3, 9)
"""Which keyframe before a wanted frame a file is entered at: the last, and if that fails one further ahead."""
_BEFORE = 1 << 20
"""Ticks before the first frame, so that the start of the file is reached."""


class _Index(NamedTuple):
    """F frames in the order shown: ``stamps`` (F,), in ticks of ``tick`` seconds, and which of them are keyframes.

    Without stamps, where the file has none for each frame, frames are counted as they are decoded.
    """

    stamps: NDArray[np.int64] | None
    keys: NDArray[np.bool_]
    tick: float
    length: int

    def number(self, stamp: int | None) -> int:
        """The number of the frame that is shown then, or -1."""
        assert self.stamps is not None
        place = -1 if stamp is None else int(np.searchsorted(self.stamps, stamp))
        return place if 0 <= place < self.length and self.stamps[place] == stamp else -1


class Video:
    """A video file as frames, numbered in the order in which they are shown.

    Args:
        path: The file.
        first: The number of the first frame.

    Raises:
        ReseenError: PyAV is not installed, the file is no video that can be decoded, or has no video stream.

    Example (not run):
        ```python
        for frame in Video("gate.mp4").frames([10, 11, 500]):
            print(frame.number, frame.image.shape)
        ```
    """

    def __init__(self, path: Path | str, *, first: int = 0) -> None:
        self.path, self.name, self.first = Path(path), str(path), first
        if not self.path.is_file():
            raise ReseenError(f"{path}: no such video file")
        self._index = _index(self.path)

    def __len__(self) -> int:
        """The number of frames."""
        return self._index.length

    @property
    def numbers(self) -> range:
        """The numbers of the frames that there are."""
        return range(self.first, self.first + len(self))

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """(F,) seconds from the first frame to each, from the presentation timestamps."""
        stamps = self._index.stamps
        ticks = np.arange(len(self)) if stamps is None else stamps - stamps[0]
        return np.asarray(ticks * self._index.tick, dtype=np.float64)

    @cached_property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of the upright frames."""
        with _opened(self.path) as (container, stream):
            for frame in _decoded(container, stream):  # the first may be damaged: recordings begin anywhere
                height, width = _upright(frame).shape[:2]
                return width, height
        raise ReseenError(f"{self.path}: cannot decode the video: none of its frames can be decoded")

    def frames(self, numbers: Sequence[int]) -> Iterator[Frame]:
        """Yield the frames with these numbers, which rise; the file is read once, from keyframe to keyframe.

        A frame that is damaged is left out.
        """
        wanted = [number - self.first for number in numbers if number in self.numbers]
        if not wanted:
            return
        with _opened(self.path) as (container, stream):
            stream.thread_type = "AUTO"
            found = (
                _counted(container, stream, wanted)
                if self._index.stamps is None
                else _sought(container, stream, wanted, index=self._index)
            )
            for number, frame in found:
                yield Frame(number + self.first, _upright(frame))


def _index(path: Path) -> _Index:
    with _opened(path) as (container, stream):
        packets = [(p.pts, p.is_keyframe) for p in container.demux(stream) if p.size and not p.is_discard]
        stamps = [stamp for stamp, _ in packets]
        if not stamps:
            raise ReseenError(f"{path}: cannot decode the video: it has no frame")
        if None in stamps or len(set(stamps)) < len(stamps):
            return _without_stamps(path, stream)
        order = np.argsort(np.array(stamps, dtype=np.int64))
        keys = np.array([key for _, key in packets], dtype=np.bool_)[order]
        return _Index(np.array(stamps, dtype=np.int64)[order], keys, float(stream.time_base or 1), len(stamps))


def _without_stamps(path: Path, stream: "VideoStream") -> _Index:
    """Counted by decoding: packets may hold several frames, or none."""
    rate = stream.average_rate or stream.guessed_rate
    with _opened(path) as (container, again):
        again.thread_type = "AUTO"
        count = sum(1 for _ in _decoded(container, again))
    if not count:
        raise ReseenError(f"{path}: cannot decode the video: it has no frame")
    return _Index(None, np.zeros(0, dtype=np.bool_), 1 / float(rate or 1), count)


def _counted(
    container: "InputContainer", stream: "VideoStream", wanted: Sequence[int]
) -> "Iterator[tuple[int, VideoFrame]]":
    """Decoded from the start."""
    asked = set(wanted)
    for number, frame in enumerate(_decoded(container, stream)):
        if number in asked:
            yield number, frame
        if number >= wanted[-1]:
            return


def _sought(
    container: "InputContainer", stream: "VideoStream", wanted: Sequence[int], *, index: _Index
) -> "Iterator[tuple[int, VideoFrame]]":
    """Decoded in runs, each from a keyframe to the last wanted frame before a leap that is worth a seek."""
    for start, run in _runs(wanted, np.flatnonzero(index.keys)):
        asked = set(run)
        for number, frame in _numbered(container, stream, start=start, index=index):
            if number in asked:
                asked.remove(number)
                yield number, frame
            if number >= run[-1]:
                break


def _numbered(
    container: "InputContainer", stream: "VideoStream", *, start: int, index: _Index
) -> "Iterator[tuple[int, VideoFrame]]":
    """Frames from a keyframe on; some files are entered later than asked for, and then again further ahead."""
    assert index.stamps is not None
    keys = np.flatnonzero(index.keys[: start + 1])
    for back in _BACK if start else ():
        container.seek(int(index.stamps[keys[max(0, len(keys) - back)]]), stream=stream, backward=True)
        frames = ((index.number(frame.pts), frame) for frame in _decoded(container, stream))
        first = next(((number, frame) for number, frame in frames if number >= 0), None)
        if first is not None and first[0] <= start:
            yield first
            yield from frames
            return
    if start:
        container.seek(int(index.stamps[0]) - _BEFORE, stream=stream, backward=True)
    yield from ((index.number(frame.pts), frame) for frame in _decoded(container, stream))


def _runs(wanted: Sequence[int], keys: NDArray[np.int64]) -> Iterator[tuple[int, list[int]]]:
    """Wanted frames in runs, each with the keyframe where decoding begins; 0 is the start of the file."""
    run: list[int] = []
    start, reached = 0, 0
    for number in wanted:
        place = int(np.searchsorted(keys, number, side="right")) - 1
        key = int(keys[place]) if place >= 0 else 0
        if key - reached >= _WORTH_A_SEEK:
            if run:
                yield start, run
            run, start = [], key
        run.append(number)
        reached = number
    yield start, run


def _decoded(container: "InputContainer", stream: "VideoStream") -> "Iterator[VideoFrame]":
    """Frames as they are shown, from where the container stands; damaged packets are left out."""
    from av.error import EOFError as EndOfFile
    from av.error import FFmpegError

    for packet in container.demux(stream):
        try:
            frames: list[Any] = packet.decode()
        except EndOfFile:
            return
        except FFmpegError:
            continue
        yield from frames


def _upright(frame: "VideoFrame") -> Image:
    """(H, W, 3) uint8 RGB, turned as the file says; pixels are not resized where they are not square."""
    rgb = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(rgb, turns)) if turns else rgb


@contextmanager
def _opened(path: Path) -> "Iterator[tuple[InputContainer, VideoStream]]":
    with extra("video"):
        import av
    try:
        with av.open(path, mode="r") as container:
            if not container.streams.video:
                raise ReseenError(f"{path}: has no video stream")
            yield container, container.streams.video[0]
    except av.FFmpegError as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ReseenError(f"{path}: cannot decode the video: {reason}") from None
