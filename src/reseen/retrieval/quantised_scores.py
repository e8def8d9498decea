"""How well a network and its quantised copy find on a data set."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from reseen.data.datasets import LAYOUTS
from reseen.data.table import Split, Splits
from reseen.engine.embed import embedded
from reseen.metrics import evaluate
from reseen.progress import Progress
from reseen.retrieval.embedder import Embedder
from reseen.tasks.reid.load import usual_protocol
from reseen.tasks.reid.query_gallery import QueryGallery, told_apart


class Scores(NamedTuple):
    """The mAP (a fraction) of the network before and after, and the lowest cosine of their vectors."""

    before: float
    after: float
    cosine: float


def scores_of(before: Embedder, after: Embedder, splits: Splits, *, progress: Progress) -> Scores:
    """mAP of both by the data's own protocol."""
    rules = LAYOUTS[splits.layout].protocol or usual_protocol(splits.query.cameras, splits.gallery.cameras)
    vectors = [
        [_embedded(embedder, split, name=name, progress=progress) for split in (splits.query, splits.gallery)]
        for name, embedder in (("floats", before), ("copy", after))
    ]
    first, second = (_score(splits, sides, rules) for sides in vectors)
    cosines = [(one * other).sum(axis=1).min() for one, other in zip(*vectors, strict=True)]
    return Scores(first, second, float(min(cosines)))


def _score(splits: Splits, vectors: list[NDArray[np.float32]], rules: str) -> float:
    query, gallery = splits.query, splits.gallery
    sides = QueryGallery(
        *(embedded(split, torch.from_numpy(one)) for split, one in zip((query, gallery), vectors, strict=True))
    )
    return evaluate(*told_apart(sides, query=query, gallery=gallery), protocol=rules).mean_average_precision


def _embedded(embedder: Embedder, split: Split, *, name: str, progress: Progress) -> NDArray[np.float32]:
    """(N, D)."""
    vectors = np.empty((len(split), embedder.width), np.float32)
    with progress.bar(f"{name}: embed", total=len(split)) as bar:
        for row, found in enumerate(embedder.embed_files(split.paths)):
            assert found.vector is not None, "files that cannot be read raise"
            vectors[row] = found.vector
            bar.advance()
    return vectors
