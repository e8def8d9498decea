"""Options and arguments that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reseen.errors import ReseenError
from reseen.progress import Progress

if TYPE_CHECKING:
    from reseen.data.frames import FramesGiven
    from reseen.retrieval.embedder import Embedder

Data = Annotated[
    Path,
    typer.Option(
        help="A data set: a known one (see `reseen datasets`), a CSV or Parquet table, or a folder per identity."
    ),
]
Recipe = Annotated[str, typer.Argument(help="A recipe: a TOML file, or the name of one that comes with reseen.")]
Out = Annotated[Path, typer.Option(help="The run's folder: recipe, metrics, checkpoints, report.")]
Overrides = Annotated[
    list[str], typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, e.g. training.epochs=20.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue a stopped or killed run from where it was saved.")]
OtherData = Annotated[Path | None, typer.Option(help="Another data set than the one the run was trained on.")]
Json = Annotated[Path | None, typer.Option(help="Also write the scores to this file.")]
Device = Annotated[str, typer.Option(help="The device, as PyTorch names it: cpu, cuda, cuda:1.")]
NetworkSource = Annotated[
    str,
    typer.Option(
        help="A run, a weights file, an export (.onnx, .xml, .pt2), or a Hub repository owner/name[@revision]; a plain "
        "ImageNet baseline if left out."
    ),
]
Decode = Annotated[
    Literal["full", "scaled"] | None,
    typer.Option(
        help="scaled: decode JPEG files at 1/2, 1/4 or 1/8 of their size where twice the network's input is left; "
        "faster, and vectors change a little. As the network was trained if left out."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]

FramesOfTracks = Annotated[
    str | None,
    typer.Option(
        "--frames",
        metavar="DIR",
        help="Cut the boxes out of frames: DIR/CAMERA/000123.jpg, or a pattern, shots/{camera}/{frame:06d}.jpg.",
    ),
]
VideosOfTracks = Annotated[
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


def embedder_for(
    model: str, *, device: str, progress: Progress, decode: Literal["full", "scaled"] | None = None
) -> "Embedder":
    """Load the embedder that ``--model`` names, and report its note."""
    from reseen.retrieval.embedder import Embedder

    embedder = Embedder.from_pretrained(model, device=device, decode=decode)
    if embedder.note:
        progress.say(embedder.note)
    return embedder


def words(text: str) -> list[str]:
    """The words of a comma-separated list."""
    return [word.strip() for word in text.split(",") if word.strip()]
