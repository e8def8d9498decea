"""A contact sheet of a set: identities in rows, twins next to each other, cameras in columns."""

import json
from pathlib import Path

from PIL import Image

from reseen.data.opening import open_image
from reseen.errors import ReseenError

GAP = 2


def contact_sheet(root: Path, *, rows: int = 8, columns: int = 10, height: int = 128) -> Image.Image:
    """Draw one image per identity and camera of the synthetic set in ``root``, pairs of twins first.

    A row holds the first ``columns`` cameras that have seen its identity; images are ``height`` pixels high.
    """
    facts = root / "synth.json"
    if not facts.is_file():
        raise ReseenError(f"{root}: expected a synthetic set, found no synth.json; make one with reseen synth")
    about = json.loads(facts.read_text(encoding="utf-8"))
    paired = [name for pair in about["twin_pairs"] for name in pair]
    alone = [name for name in about["identity"] if name not in set(paired)]
    half = min(len(paired), (rows + 1) // 4 * 2)
    chosen = [*paired[:half], *alone][:rows]
    seen = _images(root)
    columns = min(columns, max(len(seen[name]) for name in chosen))
    size = about["image_size"]
    width = round(height * size[1] / size[0])
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, len(chosen) * (height + GAP) - GAP), "white")
    for row, name in enumerate(chosen):
        for column, camera in enumerate(sorted(seen[name])[:columns]):
            tile = open_image(seen[name][camera]).resize((width, height), Image.Resampling.LANCZOS)
            sheet.paste(tile, (column * (width + GAP), row * (height + GAP)))
    return sheet


def _images(root: Path) -> dict[str, dict[str, Path]]:
    """Identity -> camera -> its first image."""
    seen: dict[str, dict[str, Path]] = {}
    for path in sorted(root.glob("*/*.jpg")):
        name, camera = path.name.split("_")[:2]
        seen.setdefault(name, {}).setdefault(camera.split("s")[0], path)
    return seen
