"""Drawn scenes in the layout of Cityscapes: sky over road, a car somewhere, and a strip that is ignored."""

from pathlib import Path

import numpy as np
from PIL import Image

ROAD, SKY, CAR, STATIC = 7, 23, 26, 4
COLOURS = {ROAD: (110, 60, 110), SKY: (120, 170, 230), CAR: (150, 20, 20), STATIC: (10, 10, 10)}


def draw_labels(number: int, size: tuple[int, int] = (32, 64)) -> np.ndarray:
    """Sky over road, a car somewhere, a strip of something ignored below."""
    height, width = size
    ids = np.full(size, SKY, np.uint8)
    ids[height // 2 :] = ROAD
    left = (7 * number) % (width - 20)
    ids[height // 2 - 4 : height // 2 + 8, left : left + 16] = CAR
    ids[-2:] = STATIC
    return ids


def write_scene(root: Path, split: str, number: int, size: tuple[int, int] = (32, 64)) -> tuple[Path, Path]:
    """One pair of files; the image shows the labels' colours with some noise."""
    ids = draw_labels(number, size)
    noise = np.random.default_rng(number).normal(0, 10, (*size, 3))
    colours = np.zeros((256, 3))
    for label, colour in COLOURS.items():
        colours[label] = colour
    below = f"{split}/town/town_{number:06d}_000019"
    image = root / f"leftImg8bit/{below}_leftImg8bit.png"
    labels = root / f"gtFine/{below}_gtFine_labelIds.png"
    for path in (image, labels):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((colours[ids] + noise).clip(0, 255).astype(np.uint8)).save(image)
    Image.fromarray(ids).save(labels)
    return image, labels
