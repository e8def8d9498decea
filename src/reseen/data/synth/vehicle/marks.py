"""Marks: the small things by which one vehicle of a model is told from another of the same paint.

Each kind is a function of the body and of a seed; the picture it paints depends on nothing else.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from reseen.data.synth.decal import decal
from reseen.data.synth.mesh import Mesh, merge, surface, unit
from reseen.data.synth.vehicle import painting
from reseen.data.synth.vehicle.placing import Surroundings, on_deck, on_face, on_flank, on_screen
from reseen.data.synth.vehicle.roof import roof_bars, roof_box, roof_lamp


class Mark(NamedTuple):
    """One mark of one identity: its kind in MARKS and the seed of everything about it."""

    kind: str
    seed: int


def build_mark(mark: Mark, where: Surroundings) -> Mesh:
    """The mark on its vehicle."""
    return MARKS[mark.kind](where, np.random.default_rng(mark.seed))


def draw_marks(kind: str, rng: np.random.Generator) -> tuple[Mark, ...]:
    """Marks that show from every side: in front, behind, on each flank and, on most, on the roof as well."""
    heavy = kind in ("truck", "bus", "van")
    fleet = rng.random() < 0.6
    pair = ("both_sign",) if heavy else ("both_logo", "both_stripe")
    flank = ("panel", "dent") if heavy or fleet else ("logo", "panel", "stripe", "dent")
    groups = (
        (("screen_stickers", "screen_banner", "bonnet_logo", "nose_patch"), int(rng.integers(1, 3))),
        (("rear_stickers", "rear_banner", "bumper_sticker", "tail_patch"), int(rng.integers(1, 3))),
        (tuple(f"left_{name}" for name in flank), 1),
        (tuple(f"right_{name}" for name in flank), 1),
        (("roof_box", "roof_logo", "roof_bars", "roof_lamp"), int(rng.random() < 0.7)),
        (pair, int(fleet)),
    )
    chosen = [str(name) for names, count in groups for name in rng.choice(names, size=count, replace=False)]
    return tuple(Mark(name, int(rng.integers(2**31))) for name in ["plates", *sorted(chosen)])


def _plates(where: Surroundings, rng: np.random.Generator) -> Mesh:
    size = where.body.size
    picture = painting.plate(rng, heavy=where.kind in ("truck", "bus"))
    ends = [on_face(where, picture, y=0, z=size.sill + 0.2, size=(0.5, 0.14), front=True)]
    if where.body.cargo is None:
        height = size.sill + (0.62 if where.kind in ("hatch", "suv", "van") else 0.5)
        ends.append(on_face(where, picture, y=0, z=height, size=(0.5, 0.14), front=False))
    else:
        height = size.sill + 0.3
        points = np.stack(np.broadcast_arrays(
            -size.length / 2 + 0.05, np.linspace(0.25, -0.25, picture.texture.shape[1] + 1)[None],
            height + np.linspace(0.08, -0.08, picture.texture.shape[0] + 1)[:, None]), axis=-1)  # fmt: skip
        ends.append(decal(points, picture.texture))
    return merge(ends)


def _screen_stickers(where: Surroundings, rng: np.random.Generator) -> Mesh:
    return _stickers(where, rng, front=True, high=0.76)


def _rear_stickers(where: Surroundings, rng: np.random.Generator) -> Mesh:
    if where.body.cargo is not None:
        return _tail_patch(where, rng)
    return _stickers(where, rng, front=False, high=0.55)


def _stickers(where: Surroundings, rng: np.random.Generator, *, front: bool, high: float) -> Mesh:
    meshes = []
    reach = where.body.size.width * 0.31
    for place in rng.choice(5, size=int(rng.integers(1, 4)), replace=False):
        wide = rng.uniform(0.16, 0.26)
        picture = painting.sticker(rng)
        y = np.linspace(-reach, reach, 5)[place]
        level = high if front or rng.random() < 0.5 else 0.34
        meshes.append(on_screen(where, picture, y=float(y), level=level, size=(wide, wide), front=front))
    return merge(meshes)


def _screen_banner(where: Surroundings, rng: np.random.Generator) -> Mesh:
    wide = where.body.size.width * rng.uniform(0.3, 0.5)
    return on_screen(where, painting.banner(rng), y=0, level=0.8, size=(wide, 0.12), front=True)


def _rear_banner(where: Surroundings, rng: np.random.Generator) -> Mesh:
    picture, wide = painting.banner(rng), where.body.size.width * rng.uniform(0.35, 0.55)
    if where.body.cargo is not None:
        return on_face(where, picture, y=0, z=where.body.size.height - 0.4, size=(wide, 0.28), front=False)
    return on_screen(where, picture, y=0, level=rng.choice([0.36, 0.72]), size=(wide, 0.14), front=False)


def _bumper_sticker(where: Surroundings, rng: np.random.Generator) -> Mesh:
    size = where.body.size
    y = rng.choice([-1, 1]) * size.width * rng.uniform(0.2, 0.34)
    z = size.sill + (0.26 if where.body.cargo is None else 0.9)
    return on_face(where, painting.banner(rng), y=float(y), z=z, size=(0.42, 0.16), front=False)


def _nose_patch(where: Surroundings, rng: np.random.Generator) -> Mesh:
    size = where.body.size
    y = rng.choice([-1, 1]) * size.width * rng.uniform(0.22, 0.36)
    return on_face(where, painting.scuff(rng), y=float(y), z=size.sill + 0.22, size=(0.45, 0.2), front=True)


def _tail_patch(where: Surroundings, rng: np.random.Generator) -> Mesh:
    size = where.body.size
    y = rng.choice([-1, 1]) * size.width * rng.uniform(0.15, 0.34)
    z = size.sill + (0.3 if where.body.cargo is None else rng.uniform(0.9, 1.6))
    return on_face(where, painting.scuff(rng), y=float(y), z=z, size=(0.45, 0.24), front=False)


def _bonnet_logo(where: Surroundings, rng: np.random.Generator) -> Mesh:
    size = where.body.size
    if size.cowl < 0.7:
        return _screen_banner(where, rng)
    x = size.length / 2 - size.cowl * 0.55
    wide = rng.uniform(0.3, 0.5)
    picture = painting.logo(rng) if rng.random() < 0.6 else painting.stripes(rng)
    y = float(rng.choice([-0.35, 0.0, 0.35]))
    return on_deck(where.body.hull, picture, x=x, y=y, size=(wide, wide), crown=0.05)


def _roof_logo(where: Surroundings, rng: np.random.Generator) -> Mesh:
    x = where.body.cabin.middle + rng.uniform(-0.2, 0.2)
    wide = rng.uniform(0.5, 0.75)
    return on_deck(where.body.cabin, painting.logo(rng), x=x, y=0, size=(wide, wide), crown=0.045)


def _logo(where: Surroundings, rng: np.random.Generator, *, left: bool) -> Mesh:
    size = where.body.size
    first, last = size.length / 2 - size.cowl - 0.2, -size.length / 2 + size.rear_axle + 0.5
    if _is_cab_only(where):
        first = last = size.length / 2 - 1.3
    x = float(rng.uniform(0.2, 0.8) * (last - first) + first)
    wide = rng.uniform(0.34, 0.5)
    z = (size.belt + size.sill) / 2 + 0.04
    return on_flank(where, painting.logo(rng), x=x, z=z, size=(wide, wide * 0.8), left=left)


def _panel(where: Surroundings, rng: np.random.Generator, *, left: bool) -> Mesh:
    """A door or wing in another paint, as after a repair."""
    size = where.body.size
    ahead, behind = size.length / 2 - size.front_axle - 0.75, -size.length / 2 + size.rear_axle + 0.75
    if _is_cab_only(where):
        ahead = behind = size.length / 2 - 1.3
    x = float(rng.choice([ahead, (ahead + behind) / 2, behind]))
    shade = np.clip(where.paint * rng.uniform(0.5, 0.75) if where.paint.mean() > 0.3 else where.paint + 0.3, 0, 1)
    tint = rng.choice([shade, np.asarray([0.45, 0.45, 0.44])])
    texture = np.tile(tint, (3, 4, 1))
    picture = painting.Picture(texture, np.ones((3, 4), bool))
    z = (size.belt + size.sill) / 2 + 0.05
    return on_flank(where, picture, x=x, z=z, size=(0.42, (size.belt - size.sill) * 0.55), left=left)


def _is_cab_only(where: Surroundings) -> bool:
    """Whether the painted body ends behind the cab."""
    return where.body.cargo is not None


def _stripe(where: Surroundings, rng: np.random.Generator, *, left: bool) -> Mesh:
    size = where.body.size
    tint = painting.contrast(rng, where.paint)
    texture = np.tile(tint, (2, 16, 1))
    texture[1] = painting.contrast(rng, where.paint) if rng.random() < 0.5 else tint
    picture = painting.Picture(texture, np.ones((2, 16), bool))
    hull = where.body.hull
    reach = hull.edge(0.5) - hull.edge(0.5, front=False)
    long = rng.uniform(0.28, 0.5) * reach
    x = hull.middle + float(rng.uniform(-0.08, 0.08)) * reach
    z = size.sill + float(rng.uniform(0.35, 0.7)) * (size.belt - size.sill)
    return on_flank(where, picture, x=x, z=z, size=(long, 0.11), left=left)


def _dent(where: Surroundings, rng: np.random.Generator, *, left: bool) -> Mesh:
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


def _both_sign(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """A firm's sign, large, on both flanks."""
    body, size = where.body, where.body.size
    picture = painting.sign(rng)
    if body.cargo is not None:
        shell, x = body.cargo, body.cargo.middle
        z, wide = (size.height + size.sill + 0.5) / 2 + 0.1, min(3.4, size.length * 0.5)
    else:
        shell, x = body.hull, -0.05 * size.length
        z, wide = (size.belt + size.sill) / 2 + 0.08, min(2.6, size.length * 0.32)
    high = min(wide * 0.33, 0.62 * (size.belt - size.sill)) if body.cargo is None else wide * 0.33
    return merge(
        [on_flank(where, picture, x=x, z=z, size=(wide, high), left=left, shell=shell) for left in (True, False)]
    )


def _paired(make: Callable[..., Mesh]) -> Callable[[Surroundings, np.random.Generator], Mesh]:
    """The same picture on both flanks, as on a firm's cars."""

    def build(where: Surroundings, rng: np.random.Generator) -> Mesh:
        seed = int(rng.integers(2**31))
        return merge([make(where, np.random.default_rng(seed), left=left) for left in (True, False)])

    return build


def _sided(make: Callable[..., Mesh], *, left: bool) -> Callable[[Surroundings, np.random.Generator], Mesh]:
    return lambda where, rng: make(where, rng, left=left)


MARKS: Mapping[str, Callable[[Surroundings, np.random.Generator], Mesh]] = MappingProxyType(
    {
        "plates": _plates,
        "screen_stickers": _screen_stickers,
        "screen_banner": _screen_banner,
        "bonnet_logo": _bonnet_logo,
        "nose_patch": _nose_patch,
        "rear_stickers": _rear_stickers,
        "rear_banner": _rear_banner,
        "bumper_sticker": _bumper_sticker,
        "tail_patch": _tail_patch,
        **{f"left_{name}": _sided(make, left=True) for name, make in
           {"logo": _logo, "panel": _panel, "stripe": _stripe, "dent": _dent}.items()},
        **{f"right_{name}": _sided(make, left=False) for name, make in
           {"logo": _logo, "panel": _panel, "stripe": _stripe, "dent": _dent}.items()},
        "both_logo": _paired(_logo),
        "both_stripe": _paired(_stripe),
        "both_sign": _both_sign,
        "roof_logo": _roof_logo,
        "roof_bars": roof_bars,
        "roof_box": roof_box,
        "roof_lamp": roof_lamp,
    }
)  # fmt: skip
"""The kinds of marks: name -> what builds one."""
