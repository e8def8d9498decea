"""Drawings as bytes: PNG for files, JPEG for the photographs of a page, which would be too large as PNG."""

import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from reseen.files import write_bytes

_DOTS_PER_INCH = 160


def png_bytes(drawing: Image.Image | Figure) -> bytes:
    """A drawing as PNG; figures at 160 dots an inch."""
    buffer = io.BytesIO()
    if isinstance(drawing, Figure):
        # Without the writer's name and version, the same figure has the same bytes everywhere.
        drawing.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    else:
        drawing.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def jpeg_bytes(drawing: Image.Image, *, quality: int = 88) -> bytes:
    """A sheet as JPEG, a quarter of the size of its PNG."""
    buffer = io.BytesIO()
    drawing.convert("RGB").save(buffer, format="JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def write_png(path: Path, drawing: Image.Image | Figure) -> None:
    """Write a drawing as PNG, whole or not at all."""
    write_bytes(path, png_bytes(drawing))
