"""Label maps of new images: written as Cityscapes writes them, and laid over the images."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from reseen.data.opening import open_image
from reseen.data.walking import images_below
from reseen.draw.encode import jpeg_bytes, write_png
from reseen.engine.hardware import one_device
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.files import write_atomically
from reseen.progress import SILENT, Progress
from reseen.tasks.segment.build import build_labeller, evaluation_transform, load_segmenter
from reseen.tasks.segment.classes import LABEL_IDS
from reseen.tasks.segment.overlay import overlay
from reseen.tasks.segment.scenes import Labels


class Prediction(NamedTuple):
    """An image's file, the image, and the class of each of its pixels (H, W)."""

    path: Path
    image: Image.Image
    classes: Labels


def predict_run(run: Run | Path | str, images: Path, *, out: Path, progress: Progress = SILENT) -> list[Path]:
    """Label an image, or all in a folder, with a run's best weights; returns the overlays' files.

    For each image NAME_labelIds.png (Cityscapes' ids) and NAME_overlay.jpg are written below ``out``, in the folders
    that the images lie in; of a.png and a.jpg in one folder a.png_overlay.jpg and a.jpg_overlay.jpg.
    """
    run = open_run(run)
    files = _images(images)
    below = images if images.is_dir() else images.parent
    written = []
    labelled = label_images(run, files, progress=progress)
    for name, prediction in zip(_stems(files, below=below), labelled, strict=True):
        stem = out / name
        stem.parent.mkdir(parents=True, exist_ok=True)
        write_png(stem.with_name(f"{stem.name}_labelIds.png"), Image.fromarray(LABEL_IDS[prediction.classes]))
        page = stem.with_name(f"{stem.name}_overlay.jpg")
        data = jpeg_bytes(overlay(prediction.image, prediction.classes))
        write_atomically(page, lambda file, data=data: file.write(data))  # type: ignore[misc]
        written.append(page)
    return written


def label_images(run: Run, files: Sequence[Path], *, progress: Progress) -> Iterator[Prediction]:
    """Label images one after the other, since they may differ in size."""
    model, recipe = load_segmenter(run.best_weights)
    fabric = one_device()
    fabric.to_device(model)
    labeller = build_labeller(model, recipe)
    transform = evaluation_transform(recipe)
    with torch.inference_mode(), progress.bar("segment", total=len(files)) as bar:
        for path in files:
            image = open_image(path)
            pixels, _ = transform(image, np.zeros(image.size[::-1], np.uint8))
            classes = labeller(fabric.to_device(pixels[None]))[0]
            yield Prediction(path, image, classes.cpu().numpy().astype(np.uint8))
            bar.advance()


def _images(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = images_below(path) if path.is_dir() else []
    if not files:
        raise ReseenError(f"{path}: expected an image or a folder with images, got neither")
    return files


def _stems(files: Sequence[Path], *, below: Path) -> list[Path]:
    """The name of each output: the image's, with its suffix where only that distinguishes it."""
    whole = [file.relative_to(below) for file in files]
    plain = [name.with_suffix("") for name in whole]
    often = Counter([*plain, *whole])
    return [stem if often[stem] == 1 else name for stem, name in zip(plain, whole, strict=True)]
