"""The facts of a set are read from what the check before training accepts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from reseen.data.datasets import read_data
from reseen.progress import SILENT
from reseen.tasks.reid.advise.headers import read_headers
from reseen.tasks.reid.automatic.facts import set_facts
from reseen.tasks.reid.recipe import read_recipe


def test_an_image_that_is_only_decoded_small_has_a_size_like_any_other(
    market: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow's own limit, which counts the whole file, refused it after the check had accepted it."""
    root = market()
    large = min((root / "bounding_box_train").iterdir())
    Image.new("RGB", (400, 200)).save(large)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100 * 100)
    splits = read_data(root)
    facts = set_facts(splits, read_recipe("finetune"))
    assert (facts.height, facts.width, facts.largest) == (32, 32, 80_000)
    headers = read_headers(splits, SILENT)
    assert headers.sizes[large] == (200, 400)
    assert not headers.unreadable
