"""Random query sets and galleries, small and full of ties, distractors, junk, unknown cameras and lone identities."""

import numpy as np

from reseen.metrics import Embedded, Protocol, custom_protocol


def random_sides(seed: int, *, most: int = 16) -> tuple[Embedded, Embedded]:
    """A query set and a gallery drawn from few vectors, so that many entries tie exactly.

    A third of the cases has one camera, a third shares its images, and a quarter has vectors that hardly differ.
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


def random_protocol(seed: int) -> Protocol:
    """Any rules that a protocol may have."""
    rng = np.random.default_rng([seed, 1])
    shots = rng.choice([None, 1, 2])
    return custom_protocol(
        drop_same_camera=bool(rng.integers(2)),
        junk=rng.choice([-1, 0, 3], size=rng.integers(3), replace=False).tolist(),
        tracks=bool(rng.integers(2)),
        same_pictures=bool(rng.integers(2)),
        shots=shots,
        trials=1 if shots is None else int(rng.integers(1, 4)),
        seed=seed,
        depth=rng.choice([None, 1, 3]),
    )


def is_refused(query: Embedded, gallery: Embedded, protocol: Protocol) -> bool:
    """Whether the protocol finds nothing but junk, or misses cameras."""
    junk_only = all(str(identity) in protocol.junk for identity in gallery.identities)
    cameras = [any(str(camera) not in {"", "-1"} for camera in side.cameras) for side in (query, gallery)]
    return junk_only or (protocol.drop_same_camera and not all(cameras))
