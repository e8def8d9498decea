"""Trees, hedges and bushes: lumps of leaves on a trunk; metres, the origin where the trunk meets the ground."""

from collections.abc import Sequence

import numpy as np

from reseen.synth.render.mesh import Array, Mesh, box, coloured, cylinder, ellipsoid, translate
from reseen.synth.scene.thing import Thing, thing

LEAVES = ((0.2, 0.32, 0.11), (0.26, 0.38, 0.14), (0.16, 0.27, 0.12), (0.34, 0.4, 0.15), (0.42, 0.33, 0.12))
BARK = (0.27, 0.22, 0.18)


def tree(height: float, rng: np.random.Generator) -> list[Thing]:
    """A round crown, a slim one or a fir; crown and trunk apart, as their shadows are."""
    tint = _tint(rng)
    kind = rng.choice(["round", "slim", "fir"], p=[0.65, 0.2, 0.15])
    clear = height * {"round": 0.3, "slim": 0.12, "fir": 0.1}[str(kind)]
    trunk = cylinder(0.05 + 0.016 * height, clear + 0.4 * height, centre=(0, 0, (clear + 0.4 * height) / 2),
                     colour=BARK, segments=7, taper=0.6)  # fmt: skip
    if kind == "fir":
        crown = _fir(height, tint, rng, clear=clear)
    else:
        crown = _crown(height, tint, rng, clear=clear, slim=kind == "slim")
    return [thing("vegetation", trunk), thing("vegetation", *crown)]


def bush(size: Sequence[float], rng: np.random.Generator) -> list[Thing]:
    """A lump of leaves of ``size`` (length, width, height)."""
    length, width, height = size
    lump = _lump((length / 2, width / 2, height * 0.6), _tint(rng), rng, centre=(0, 0, height * 0.42))
    return [thing("vegetation", lump, stands=True)]


def hedge(length: float, rng: np.random.Generator) -> list[Thing]:
    """A clipped hedge along x."""
    height, thick = float(rng.uniform(0.9, 2.0)), float(rng.uniform(0.6, 1.0))
    cells = max(4, round(length / 0.4))
    plain = box((1, 1, 1), divisions=cells)
    spread = plain.vertices * (length, thick, height) + (0, 0, height / 2)
    rough = spread + rng.normal(0, 0.035, spread.shape)
    return [thing("vegetation", _leafy(plain._replace(vertices=rough.astype(np.float32)), _tint(rng), rng))]


def _tint(rng: np.random.Generator) -> Array:
    base = np.asarray(LEAVES[int(rng.choice(len(LEAVES), p=[0.3, 0.3, 0.2, 0.14, 0.06]))])
    return np.clip(base * rng.uniform(0.8, 1.2) + rng.normal(0, 0.012, 3), 0.02, 0.9).astype(np.float32)


def _crown(height: float, tint: Array, rng: np.random.Generator, *, clear: float, slim: bool) -> list[Mesh]:
    tall = height - clear
    wide = tall * (0.2 if slim else float(rng.uniform(0.4, 0.55)))
    lumps = []
    for _ in range(int(rng.integers(6, 10))):
        turn, reach = rng.uniform(0, 2 * np.pi), wide * 0.55 * rng.random() ** 0.5
        z = clear + tall * rng.uniform(0.25, 0.75)
        radii = np.asarray([wide, wide, tall * 0.33]) * rng.uniform(0.5, 0.8, 3)
        lumps.append(_lump(radii.tolist(), tint, rng, centre=(reach * np.cos(turn), reach * np.sin(turn), z)))
    core = _lump((wide * 0.75, wide * 0.75, tall * 0.46), tint, rng, centre=(0, 0, clear + tall * 0.5))
    return [core, *lumps]


def _fir(height: float, tint: Array, rng: np.random.Generator, *, clear: float) -> list[Mesh]:
    tiers = []
    for share in np.linspace(0, 0.8, 5):
        radius = 0.24 * height * (1 - share)
        z = clear + share * (height - clear)
        cone = cylinder(
            radius, 0.42 * (height - clear), centre=(0, 0, z + 0.2 * (height - clear)), segments=12, taper=0.08
        )
        tiers.append(_leafy(cone, tint * np.asarray((0.75, 0.85, 0.9), np.float32), rng))
    return tiers


def _lump(radii: Sequence[float], tint: Array, rng: np.random.Generator, *, centre: Sequence[float]) -> Mesh:
    ball = ellipsoid(radii, rows=8, columns=12)
    rough = ball.vertices * rng.uniform(0.86, 1.12, (len(ball.vertices), 1))
    return translate(_leafy(ball._replace(vertices=rough.astype(np.float32)), tint, rng), centre)


def _leafy(mesh: Mesh, tint: Array, rng: np.random.Generator) -> Mesh:
    """Leaves: spots of light and dark, darker where they face the ground."""
    count = len(mesh.vertices)
    light = rng.uniform(0.62, 1.3, (count, 1)) * (0.78 + 0.22 * mesh.normals[:, 2:])
    return coloured(mesh, np.clip(tint * light, 0.01, 1))
