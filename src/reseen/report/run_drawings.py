"""The drawings of a run, and their files in its folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from reseen.engine.run import Run
from reseen.files import write_bytes
from reseen.progress import Progress
from reseen.report.drawings import DRAWINGS
from reseen.report.images import PageImage, image_of
from reseen.tasks.reid.scoring import Evaluated


def draw_run(
    run: Run, result: Evaluated, *, names: Sequence[str] = tuple(DRAWINGS), progress: Progress
) -> dict[str, PageImage]:
    """The named drawings of a run, in order, without those that have nothing to show."""
    images = {}
    with progress.bar("draw", total=len(names)) as bar:
        for name in names:
            kind = DRAWINGS[name]
            drawing = kind.draw(run, result)
            if drawing is not None:
                images[name] = image_of(drawing, title=kind.title, caption=kind.caption)
            bar.advance(note=kind.title)
    return images


def save_images(folder: Path, images: Mapping[str, PageImage]) -> None:
    """Write each image to a file of its name, and remove the files of drawings that are not among them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        write_bytes(folder / f"{name}{image.suffix}", image.data)
    for name in DRAWINGS.keys() - images.keys():
        for old in folder.glob(f"{name}.*"):
            old.unlink()
