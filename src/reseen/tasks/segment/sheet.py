"""The sheet of a segmentation: scenes with their labels and predictions, one below the other."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reseen.engine.run import Run
from reseen.progress import SILENT, Progress
from reseen.tasks.segment.classes import CLASS_OF_ID, COLOURS
from reseen.tasks.segment.overlay import legend, overlay
from reseen.tasks.segment.predict import label_images
from reseen.tasks.segment.scenes import Pair, load_ids

HEADINGS = ("scene", "labels", "found")
_PAPER, _FAINT = (255, 255, 255), (104, 112, 122)
_WIDTH, _GAP, _HEAD = 460, 8, 30


def scene_sheet(run: Run, pairs: Sequence[Pair], *, rows: int = 6, progress: Progress = SILENT) -> Image.Image:
    """``rows`` of the pairs, evenly spread, labelled by the run's best weights."""
    chosen = [pairs[int(place)] for place in np.linspace(0, len(pairs) - 1, min(rows, len(pairs))).round()]
    predictions = label_images(run, [pair.image for pair in chosen], progress=progress)
    lines, shown = [], set[int]()
    for pair, seen in zip(chosen, predictions, strict=True):
        labels = CLASS_OF_ID[load_ids(pair.labels)]
        lines.append([seen.image, overlay(seen.image, labels), overlay(seen.image, seen.classes)])
        shown |= {int(number) for number in np.unique(np.stack([labels, seen.classes])) if number < len(COLOURS)}
    return _laid_out(lines, legend(_across(), shown=sorted(shown)))


def _across() -> int:
    return len(HEADINGS) * _WIDTH + (len(HEADINGS) - 1) * _GAP


def _laid_out(lines: Sequence[Sequence[Image.Image]], strip: Image.Image) -> Image.Image:
    """Images in a grid of one width under their headings, the legend below."""
    sized = [[_of_width(image) for image in line] for line in lines]
    heights = [max(image.height for image in line) + _GAP for line in sized]
    sheet = Image.new("RGB", (_across() + 2 * _GAP, _HEAD + sum(heights) + strip.height + 2 * _GAP), _PAPER)
    draw, top = ImageDraw.Draw(sheet), _HEAD
    for column, heading in enumerate(HEADINGS):
        middle = _GAP + column * (_WIDTH + _GAP) + _WIDTH // 2
        draw.text((middle, 6), heading, font=ImageFont.load_default(18), fill=_FAINT, anchor="ma")
    for line, height in zip(sized, heights, strict=True):
        for column, image in enumerate(line):
            sheet.paste(image, (_GAP + column * (_WIDTH + _GAP), top))
        top += height
    sheet.paste(strip, (_GAP, top + _GAP // 2))
    return sheet


def _of_width(image: Image.Image) -> Image.Image:
    height = round(image.height * _WIDTH / image.width)
    return image.resize((_WIDTH, height), Image.Resampling.LANCZOS)
