"""A tiny class folder, and a recipe that trains on it in a second."""

from collections.abc import Callable
from pathlib import Path

import pytest

TINY = """
task = "classify"
seed = 3

[data]
image_size = [32, 32]
batch_size = 4
workers = 0

[model]
backbone = "test_resnet.r160_in1k"

[transforms]
pad_crop = { padding = 2 }

[mix]
mixup = 0.2
cutmix = 1.0
probability = 0.5

[optimizer]
name = "adam"
learning_rate = 1e-3

[training]
epochs = 2

[hardware]
accelerator = "cpu"
"""


@pytest.fixture
def classify_recipe(tmp_path: Path) -> Path:
    """Trains in a second."""
    path = tmp_path / "tiny-classes.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def class_folder(tmp_path: Path, image: Callable) -> Callable[..., Path]:
    """train/ and val/ with a folder a class, each class with stripes of its own."""

    def make(name: str = "classes", *, classes: tuple[str, ...] = ("ash", "elm", "oak"), shots: int = 6) -> Path:
        root = tmp_path / name
        for number, label in enumerate(classes):
            for part, first in (("train", 0), ("val", 100)):
                folder = root / part / label
                folder.mkdir(parents=True)
                for shot in range(first, first + (shots if part == "train" else 3)):
                    image(number, shot).save(folder / f"{shot}.png")
        return root

    return make
