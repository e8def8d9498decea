"""Run directories with embeddings but no training: what calibrating and comparing start from."""

from pathlib import Path

import numpy as np

from reseen.engine.run import Run, create_run
from reseen.files import write_json
from reseen.metrics import Embedded, evaluate
from reseen.tasks.reid.recipe import read_recipe


def keep_run(path: Path, recipe_file: Path, *, noise: float = 0.5, identities: int = 12, data: str = "a") -> Run:
    """A run whose vectors are an identity's own plus noise; the labels are those of every such run."""
    run = create_run(path, read_recipe(recipe_file))
    generator = np.random.default_rng(7)
    labels = np.repeat([f"{number:04d}" for number in range(identities)], 4)
    centres = np.repeat(generator.normal(size=(identities, 6)), 4, axis=0)
    vectors = (centres + noise * generator.normal(size=centres.shape)).astype(np.float32)
    whole = {"identities": labels, "cameras": np.tile(["1", "2", "3", "4"], identities)}
    half = np.arange(len(labels)) % 2 == 0
    query, gallery = (
        Embedded(
            vectors[side],
            **{name: values[side] for name, values in whole.items()},
            names=np.array([f"{row}.jpg" for row in np.flatnonzero(side)]),
        )
        for side in (half, ~half)
    )
    run.embeddings.mkdir()
    query.save(run.embeddings / "query.parquet")
    gallery.save(run.embeddings / "gallery.parquet")
    report = evaluate(query, gallery)
    run.save_scores({"trained": {**report.scores(), "protocol": "market1501", "average_precision": "rectangle"}})
    images = {"train": 0, "query": len(query), "gallery": len(gallery)}
    write_json(run.data_file, {"path": f"/data/{data}", "fingerprint": data * 32, "pictures": images})
    return run
