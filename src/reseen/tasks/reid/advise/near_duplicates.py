"""Images of query and gallery that the untrained network hardly tells apart, such as frames of one burst."""

from collections.abc import Iterator

import numpy as np

from reseen.data.summary import Finding
from reseen.metrics import Embedded, Protocol

NEAR = 0.99
"""The cosine above which two images count as nearly equal."""
_NEAR_CENTRED = 0.95
"""The cosine of the same without the mean of all images, which also holds where a network's vectors all lie close."""
_EXAMPLES = 3


def near_duplicates(
    query: Embedded, gallery: Embedded, *, rules: Protocol, same: np.ndarray, names: tuple[list[str], list[str]]
) -> Iterator[Finding]:
    """Pairs that the rules rank, equal files aside: (Q, G) ``same`` is True for those."""
    queries, entries = _unit(query.vectors), _unit(gallery.vectors)
    cosines, mean = queries @ entries.T, entries.mean(axis=0)
    centred = _unit(queries - mean) @ _unit(entries - mean).T
    own = query.identities[:, None] == gallery.identities[None]
    dropped = same | (_same_camera(query, gallery) & own if rules.drop_same_camera else False)
    near = (cosines > NEAR) & (centred > _NEAR_CENTRED) & ~dropped
    found = near.any(axis=1)
    if not found.any():
        return
    others = int((near & ~own).any(axis=1).sum())
    strongest = np.argsort(np.where(near, cosines, -1).max(axis=1))[::-1][: min(_EXAMPLES, int(found.sum()))]
    yield Finding(
        "near-duplicates",
        f"{found.sum()} of {len(query)} query images of a sample have a nearly equal image in the gallery (cosine of "
        f"untrained embeddings above {NEAR}), {others} of them one of another identity: the test is easier than new "
        "images will be, or labels are wrong",
        tuple(_example(row, np.where(near[row], cosines[row], -1), names) for row in strongest),
    )


def _example(row: int, cosines: np.ndarray, names: tuple[list[str], list[str]]) -> str:
    column = int(cosines.argmax())
    return f"{names[0][row]} = {names[1][column]} ({cosines[column]:.3f})"


def _same_camera(query: Embedded, gallery: Embedded) -> np.ndarray:
    assert query.cameras is not None, "embeddings of a split have cameras"
    assert gallery.cameras is not None, "embeddings of a split have cameras"
    same: np.ndarray = (query.cameras[:, None] == gallery.cameras[None]) & (query.cameras != "")[:, None]
    return same


def _unit(vectors: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
