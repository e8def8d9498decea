"""Marks on the ends of a vehicle: plates, screens, bumpers, bonnet."""

import numpy as np

from reseen.synth.render.decal import decal
from reseen.synth.render.mesh import Mesh, merge
from reseen.synth.vehicle import painting
from reseen.synth.vehicle.placing import Surroundings, on_deck, on_face, on_screen


def plates(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """Number plates before and behind."""
    size = where.body.size
    image = painting.plate(rng, heavy=where.kind in ("truck", "bus"))
    ends = [on_face(where, image, y=0, z=size.sill + 0.2, size=(0.5, 0.14), front=True)]
    if where.body.cargo is None:
        height = size.sill + (0.62 if where.kind in ("hatch", "suv", "van") else 0.5)
        ends.append(on_face(where, image, y=0, z=height, size=(0.5, 0.14), front=False))
    else:
        height = size.sill + 0.3
        points = np.stack(np.broadcast_arrays(
            -size.length / 2 + 0.05, np.linspace(0.25, -0.25, image.texture.shape[1] + 1)[None],
            height + np.linspace(0.08, -0.08, image.texture.shape[0] + 1)[:, None]), axis=-1)  # fmt: skip
        ends.append(decal(points, image.texture))
    return merge(ends)


def screen_stickers(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """Stickers on the windscreen."""
    return _stickers(where, rng, front=True, high=0.76)


def rear_stickers(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """Stickers on the rear window; a patch where there is none."""
    if where.body.cargo is not None:
        return tail_patch(where, rng)
    return _stickers(where, rng, front=False, high=0.55)


def _stickers(where: Surroundings, rng: np.random.Generator, *, front: bool, high: float) -> Mesh:
    meshes = []
    reach = where.body.size.width * 0.31
    for place in rng.choice(5, size=int(rng.integers(1, 4)), replace=False):
        wide = rng.uniform(0.16, 0.26)
        image = painting.sticker(rng)
        y = np.linspace(-reach, reach, 5)[place]
        level = high if front or rng.random() < 0.5 else 0.34
        meshes.append(on_screen(where, image, y=float(y), level=level, size=(wide, wide), front=front))
    return merge(meshes)


def screen_banner(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """A strip along the top of the windscreen."""
    wide = where.body.size.width * rng.uniform(0.3, 0.5)
    return on_screen(where, painting.banner(rng), y=0, level=0.8, size=(wide, 0.12), front=True)


def rear_banner(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """A strip on the rear window, or high on what is carried."""
    image, wide = painting.banner(rng), where.body.size.width * rng.uniform(0.35, 0.55)
    if where.body.cargo is not None:
        return on_face(where, image, y=0, z=where.body.size.height - 0.4, size=(wide, 0.28), front=False)
    return on_screen(where, image, y=0, level=rng.choice([0.36, 0.72]), size=(wide, 0.14), front=False)


def bumper_sticker(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """A strip by the rear bumper."""
    size = where.body.size
    y = rng.choice([-1, 1]) * size.width * rng.uniform(0.2, 0.34)
    z = size.sill + (0.26 if where.body.cargo is None else 0.9)
    return on_face(where, painting.banner(rng), y=float(y), z=z, size=(0.42, 0.16), front=False)


def nose_patch(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """A scuff in front."""
    size = where.body.size
    y = rng.choice([-1, 1]) * size.width * rng.uniform(0.22, 0.36)
    return on_face(where, painting.scuff(rng), y=float(y), z=size.sill + 0.22, size=(0.45, 0.2), front=True)


def tail_patch(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """A scuff behind."""
    size = where.body.size
    y = rng.choice([-1, 1]) * size.width * rng.uniform(0.15, 0.34)
    z = size.sill + (0.3 if where.body.cargo is None else rng.uniform(0.9, 1.6))
    return on_face(where, painting.scuff(rng), y=float(y), z=z, size=(0.45, 0.24), front=False)


def bonnet_logo(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """An image or stripes on the bonnet; a banner where there is none."""
    size = where.body.size
    if size.cowl < 0.7:
        return screen_banner(where, rng)
    x = size.length / 2 - size.cowl * 0.55
    wide = rng.uniform(0.3, 0.5)
    image = painting.logo(rng) if rng.random() < 0.6 else painting.stripes(rng)
    y = float(rng.choice([-0.35, 0.0, 0.35]))
    return on_deck(where.body.hull, image, x=x, y=y, size=(wide, wide), crown=0.05)
