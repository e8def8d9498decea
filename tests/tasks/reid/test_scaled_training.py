"""Training with scaled decoding: check, training, evaluation and the deployed network see the same small images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.retrieval.embedder import Embedder
from reseen.tasks.reid.evaluate import evaluate_run, splits_of
from reseen.tasks.reid.saved_embeddings import load_embeddings
from reseen.tasks.reid.train import train


@pytest.fixture
def large_market(market: Callable[..., Path]) -> Path:
    """The tiny set with images of 400 x 400 pixels."""
    root = market(train=3, test=5)
    for path in root.rglob("*.jpg"):
        with Image.open(path) as opened:
            larger = opened.resize((400, 400), Image.Resampling.BICUBIC)
        larger.save(path, quality=95)
    return root


@pytest.mark.parametrize("decode", ["scaled", "cached"])
def test_no_image_is_decoded_in_full_and_the_deployed_network_gives_the_evaluated_embeddings(
    large_market: Path, recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decode: str
) -> None:
    # An image of 400 x 400 decoded in full would warn, an error here: 32 x 32 needs 64 x 64, which 1/4 has.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100 * 100)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    overrides = [f"data.decode={decode}", "training.epochs=1"]
    trained = train(recipe_file, data=large_market, out=tmp_path / "run", overrides=overrides)
    evaluated = evaluate_run(trained.run)
    assert evaluated.report.scores()["mAP"] == pytest.approx(trained.best_score, abs=1e-6)
    saved, paths = load_embeddings(trained.run).gallery.vectors, splits_of(trained.run, None).gallery.paths
    embedder = Embedder.from_pretrained(trained.run.path)
    assert embedder.facts.decode == "scaled"
    cosines = (embedder(list(paths)) * saved).sum(1) / np.linalg.norm(saved, axis=1)
    assert cosines.min() > 0.999
    kept = [entry for entry in (tmp_path / "caches").rglob("*") if entry.is_file()]
    assert len(kept) == (len(list(large_market.rglob("*.jpg"))) if decode == "cached" else 0)
