"""Options of the commands that read tracks of cameras: where their frames are, and the cameras' clocks."""

from typing import TYPE_CHECKING, Annotated

import typer

from reseen.errors import ReseenError

if TYPE_CHECKING:
    from reseen.data.frames import FramesGiven

Frames = Annotated[
    str | None,
    typer.Option(
        "--frames",
        metavar="DIR",
        help="Cut the boxes out of frames: DIR/CAMERA/000123.jpg, or a pattern, shots/{camera}/{frame:06d}.jpg.",
    ),
]
Videos = Annotated[
    list[str] | None,
    typer.Option(
        "--videos",
        metavar="DIR",
        help="Cut the boxes out of videos: DIR/CAMERA.mp4, DIR/CAMERA/vdo.avi, or CAMERA=FILE; may be repeated.",
    ),
]
FrameRate = Annotated[
    float | None,
    typer.Option(help="Frames a second of all cameras; what the tracks or the videos say, or 10, if left out."),
]
FirstFrame = Annotated[
    int | None,
    typer.Option(
        min=0, max=1, help="The number of a video's first frame; if left out 1 for MOT text and CityFlow, 0 for tables."
    ),
]
Offsets = Annotated[
    list[str] | None,
    typer.Option("--offset", metavar="CAMERA=SECONDS", help="Add seconds to a camera's clock; may be repeated."),
]


def frames_given(frames: str | None, videos: list[str] | None, first: int | None) -> "FramesGiven":
    """Where the options say that the frames of tracks are."""
    from reseen.data.frames import FramesGiven

    return FramesGiven(frames, tuple(videos or ()), first)


def offsets_of(options: list[str] | None) -> dict[str, float]:
    """Seconds by camera. Raises ReseenError for what is not CAMERA=SECONDS."""
    offsets = {}
    for option in options or ():
        camera, separator, seconds = option.rpartition("=")
        try:
            offsets[camera] = float(seconds)
        except ValueError:
            separator = ""
        if not separator or not camera:
            raise ReseenError(f"--offset: expected CAMERA=SECONDS, got {option}")
    return offsets
