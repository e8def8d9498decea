"""Random query sets and galleries, small and full of ties, distractors, junk, unknown cameras and lone identities."""

import numpy as np

from reseen.metrics import Embedded


def random_sides(seed: int, *, most: int = 16) -> tuple[Embedded, Embedded]:
    """A query set and a gallery drawn from few vectors, so that many entries tie exactly.

    A third of the cases has one camera, a third shares its pictures, and a quarter has vectors that hardly differ.
    """
    rng = np.random.default_rng(seed)
    width = int(rng.integers(2, 7))
    pool = rng.standard_normal((rng.integers(1, 13), width)).astype(rng.choice([np.float32, np.float64]))
    if seed % 4 == 0:
        pool += 1e4 * pool[:1]
    cameras = 1 if seed % 3 == 0 else 3
    as_text = bool(rng.integers(2))
    gallery = _side(rng, pool, count=rng.integers(1, most), cameras=cameras, as_text=as_text, start=0)
    if seed % 3 == 1:
        return gallery, gallery
    return _side(rng, pool, count=rng.integers(1, 6), cameras=cameras, as_text=as_text, start=most // 2), gallery


def _side(rng, pool: np.ndarray, *, count: int, cameras: int, as_text: bool, start: int) -> Embedded:
    vectors = pool[rng.integers(len(pool), size=count)] * rng.choice([0.5, 1, 8], size=(count, 1)).astype(pool.dtype)
    passes = np.stack([rng.integers(-1, 4, 7), rng.integers(-1, cameras, 7)], axis=1)
    track = rng.integers(7, size=count)
    identities, seen_by = passes[track].T
    return Embedded(
        vectors,
        [str(one) for one in identities] if as_text else identities,
        ["" if one < 0 else f"c{one}" for one in seen_by] if as_text else seen_by,
        names=[f"{start + number}.jpg" for number in range(count)],
        tracks=track,
    )
