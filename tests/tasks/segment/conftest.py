"""A set of drawn scenes, and a recipe that trains on it in a second."""

from collections.abc import Callable
from pathlib import Path

import pytest

from drawn_scenes import write_scene


@pytest.fixture
def scenes(tmp_path: Path) -> Callable[..., Path]:
    """A set of 6 training and 2 validation scenes."""

    def make(name: str = "scenes", *, train: int = 6, val: int = 2) -> Path:
        for number in range(train + val):
            write_scene(tmp_path / name, "train" if number < train else "val", number)
        return tmp_path / name

    return make


TINY = """
task = "segment"
seed = 3

[data]
image_size = [32, 64]
scale = [0.75, 1.25]
batch_size = 3
workers = 0

[model]
backbone = "test_resnet.r160_in1k"
output_stride = 8

[model.attention]
stage4 = { name = "rga_sc", reduction = 2, gate_reduction = 2 }

[transforms]
colour_jitter = {}

[optimizer]
name = "adam"
learning_rate = 3e-3

[schedule]
name = "poly"

[training]
epochs = 2

[hardware]
accelerator = "cpu"

[evaluation]
batch_size = 2
"""


@pytest.fixture
def segment_recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny-segment.toml"
    path.write_text(TINY)
    return path
