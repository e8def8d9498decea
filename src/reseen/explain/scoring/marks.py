"""Where the marks are that tell identities apart: the masks that `reseen synth --masks` writes beside its images.

B = images, H, W = height and width that the network is fed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reseen.data.opening import open_image
from reseen.errors import ReseenError

FOLDER = "masks"


def mark_files(root: Path) -> Mapping[str, Path]:
    """An image's name without suffix -> its mask. ReseenError for data without masks."""
    files = {path.stem: path for path in sorted((root / FOLDER).glob("*/*.png"))}
    if not files:
        raise ReseenError(
            f"{root}: no masks, which --score needs; expected {FOLDER}/*/*.png as in a set made with: "
            "reseen synth vehicle OUT --masks"
        )
    return files


def marks_of(files: Mapping[str, Path], paths: Sequence[Path], *, size: tuple[int, int]) -> Tensor:
    """-> (B, H, W) bool: the visible pixels of each image's marks. ReseenError names an image without a mask."""
    return torch.stack([torch.from_numpy(_read(files, path, size)) for path in paths])


def _read(files: Mapping[str, Path], path: Path, size: tuple[int, int]) -> np.ndarray:
    if path.stem not in files:
        raise ReseenError(f"{path}: no mask for this image; expected one called {path.stem}.png below {FOLDER}/")
    mask = open_image(files[path.stem]).convert("L").resize((size[1], size[0]), Image.Resampling.NEAREST)
    return np.asarray(mask) >= 128
