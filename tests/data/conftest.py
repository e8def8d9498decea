"""Small data sets written for a test: noise images under the names of each layout."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.data.table import Split, split_of

WriteImage = Callable[..., Path]
WriteNamed = Callable[..., Path]


@pytest.fixture
def write_image() -> WriteImage:
    """Write one image of smooth noise; ``seed`` decides its content."""

    def write(path: Path, *, seed: int = 0, size: tuple[int, int] = (24, 16)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
        return path

    return write


@pytest.fixture
def write_named(write_image: WriteImage) -> WriteNamed:
    """Write ``folder/name`` images, each of its own content."""

    def write(root: Path, names: Sequence[str]) -> Path:
        for seed, name in enumerate(names):
            write_image(root / name, seed=seed)
        return root

    return write


@pytest.fixture
def market(tmp_path: Path, write_named: WriteNamed) -> Path:
    """Two identities to train, two to find; one junk image and one distractor in the gallery."""
    return write_named(
        tmp_path / "market",
        [
            "bounding_box_train/0002_c1s1_000451_03.jpg",
            "bounding_box_train/0002_c2s1_000801_01.jpg",
            "bounding_box_train/0007_c3s1_010001_01.jpg",
            "query/0001_c1s1_001051_00.jpg",
            "query/0003_c2s1_000001_00.jpg",
            "bounding_box_test/0001_c2s1_001976_01.jpg",
            "bounding_box_test/0003_c1s1_000776_02.jpg",
            "bounding_box_test/-1_c1s1_000401_03.jpg",
            "bounding_box_test/0000_c6s3_094992_01.jpg",
        ],
    )


@pytest.fixture
def veri(tmp_path: Path, write_named: WriteNamed) -> Path:
    """One identity to train, one to find, its query image also in the gallery as in the real set."""
    root = write_named(
        tmp_path / "veri",
        [
            "image_train/0001_c001_00016450_0.jpg",
            "image_train/0001_c020_00016460_0.jpg",
            "image_test/0005_c003_00077625_0.jpg",
            "image_test/0005_c014_00077630_0.jpg",
        ],
    )
    (root / "image_query").mkdir()
    for name in ("0005_c003_00077625_0.jpg",):
        (root / "image_query" / name).write_bytes((root / "image_test" / name).read_bytes())
    return root


@pytest.fixture
def noise(tmp_path: Path, write_image: WriteImage) -> Split:
    """Forty images of 24 x 16 pixels: identities a, b, c, d with ten each; two cameras; no views."""
    paths = [write_image(tmp_path / f"noise/{row}.png", seed=row) for row in range(40)]
    identities = [name for name in "abcd" for _ in range(10)]
    return split_of(paths, identities, cameras=[str(row % 2) for row in range(40)])
