"""Marks on the flanks of a vehicle, on one of them or the same on both."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from reseen.synth.render.mesh import Mesh, merge, surface, unit
from reseen.synth.vehicle import painting
from reseen.synth.vehicle.placing import Surroundings, on_flank


def logo(where: Surroundings, rng: np.random.Generator, *, left: bool) -> Mesh:
    """An image on a door."""
    size = where.body.size
    first, last = size.length / 2 - size.cowl - 0.2, -size.length / 2 + size.rear_axle + 0.5
    if _is_cab_only(where):
        first = last = size.length / 2 - 1.3
    x = float(rng.uniform(0.2, 0.8) * (last - first) + first)
    wide = rng.uniform(0.34, 0.5)
    z = (size.belt + size.sill) / 2 + 0.04
    return on_flank(where, painting.logo(rng), x=x, z=z, size=(wide, wide * 0.8), left=left)


def panel(where: Surroundings, rng: np.random.Generator, *, left: bool) -> Mesh:
    """A door or wing in another paint, as after a repair."""
    size = where.body.size
    ahead, behind = size.length / 2 - size.front_axle - 0.75, -size.length / 2 + size.rear_axle + 0.75
    if _is_cab_only(where):
        ahead = behind = size.length / 2 - 1.3
    x = float(rng.choice([ahead, (ahead + behind) / 2, behind]))
    shade = np.clip(where.paint * rng.uniform(0.5, 0.75) if where.paint.mean() > 0.3 else where.paint + 0.3, 0, 1)
    tint = rng.choice([shade, np.asarray([0.45, 0.45, 0.44])])
    texture = np.tile(tint, (3, 4, 1))
    image = painting.MarkTexture(texture, np.ones((3, 4), bool))
    z = (size.belt + size.sill) / 2 + 0.05
    return on_flank(where, image, x=x, z=z, size=(0.42, (size.belt - size.sill) * 0.55), left=left)


def _is_cab_only(where: Surroundings) -> bool:
    """Whether the painted body ends behind the cab."""
    return where.body.cargo is not None


def stripe(where: Surroundings, rng: np.random.Generator, *, left: bool) -> Mesh:
    """A stripe along the painted body."""
    size = where.body.size
    tint = painting.contrast(rng, where.paint)
    texture = np.tile(tint, (2, 16, 1))
    texture[1] = painting.contrast(rng, where.paint) if rng.random() < 0.5 else tint
    image = painting.MarkTexture(texture, np.ones((2, 16), bool))
    hull = where.body.hull
    reach = hull.edge(0.5) - hull.edge(0.5, front=False)
    long = rng.uniform(0.28, 0.5) * reach
    x = hull.middle + float(rng.uniform(-0.08, 0.08)) * reach
    z = size.sill + float(rng.uniform(0.35, 0.7)) * (size.belt - size.sill)
    return on_flank(where, image, x=x, z=z, size=(long, 0.11), left=left)


def dent(where: Surroundings, rng: np.random.Generator, *, left: bool) -> Mesh:
    """A dimple: the panel's own paint with turned normals, scraped to the primer in its middle."""
    size = where.body.size
    first, last = size.length / 2 - size.front_axle - 0.7, -size.length / 2 + size.rear_axle + 0.7
    if _is_cab_only(where):
        first = last = size.length / 2 - 1.3
    x, wide = float(rng.uniform(last, first)), rng.uniform(0.4, 0.7)
    z = size.sill + 0.52 * (size.belt - size.sill)
    way = -1 if left else 1
    s, t = np.linspace(-1, 1, 9)[None], np.linspace(1, -1, 9)[:, None]
    points = where.body.hull.flank(x + way * s * wide / 2, z + t * 0.2, left=left)
    deep = np.exp(-3 * (s**2 + t**2))
    base = surface(points)
    turn = np.zeros((9, 9, 3))
    turn[..., 0], turn[..., 2] = way * s * deep, t * deep
    shade = where.paint * (1 - 0.35 * deep[..., None])
    scraped = (np.abs(t + 0.4 * s - 0.1) < 0.25) & (np.abs(s) < 0.7)
    shade = np.where(scraped[..., None], 0.5 * shade + 0.5 * rng.choice([0.12, 0.55]), shade)
    normals = unit(base.normals.reshape(9, 9, 3) - 2.2 * turn)
    return base._replace(
        vertices=base.vertices + np.float32(0.012) * base.normals,
        normals=normals.reshape(-1, 3),
        colours=shade.reshape(-1, 3).astype(np.float32),
    )


def sign(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """A firm's sign, large, on both flanks."""
    body, size = where.body, where.body.size
    image = painting.sign(rng)
    if body.cargo is not None:
        shell, x = body.cargo, body.cargo.middle
        z, wide = (size.height + size.sill + 0.5) / 2 + 0.1, min(3.4, size.length * 0.5)
    else:
        shell, x = body.hull, -0.05 * size.length
        z, wide = (size.belt + size.sill) / 2 + 0.08, min(2.6, size.length * 0.32)
    high = min(wide * 0.33, 0.62 * (size.belt - size.sill)) if body.cargo is None else wide * 0.33
    return merge(
        [on_flank(where, image, x=x, z=z, size=(wide, high), left=left, shell=shell) for left in (True, False)]
    )


def paired(make: Callable[..., Mesh]) -> Callable[[Surroundings, np.random.Generator], Mesh]:
    """The same image on both flanks, as on a firm's cars."""

    def build(where: Surroundings, rng: np.random.Generator) -> Mesh:
        seed = int(rng.integers(2**31))
        return merge([make(where, np.random.default_rng(seed), left=left) for left in (True, False)])

    return build


def sided(make: Callable[..., Mesh], *, left: bool) -> Callable[[Surroundings, np.random.Generator], Mesh]:
    """A flank's mark on one of the two."""
    return lambda where, rng: make(where, rng, left=left)


ONE_SIDED: Mapping[str, Callable[..., Mesh]] = MappingProxyType(
    {"logo": logo, "panel": panel, "stripe": stripe, "dent": dent}
)
"""What a flank may bear: name -> what makes it on the left or the right one."""
