"""One solid of a scene, with what it is; put together around its own origin, then placed on the street."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reseen.synth.render.mesh import Array, Mesh, Part, rotation
from reseen.synth.render.shading import Model, assemble
from reseen.synth.scene.labels import LABELS


class Thing(NamedTuple):
    """A model with its label id.

    ``casts``: the sun throws its shadow on the ground; ``stands``: it darkens the ground right beneath it.
    """

    model: Model
    label: int
    casts: bool = True
    stands: bool = False


def thing(name: str, *parts: Mesh | Part, casts: bool = True, stands: bool = False) -> Thing:
    """A thing of the class ``name`` from meshes, or from parts where they shine."""
    whole = [part if isinstance(part, Part) else Part(part) for part in parts]
    return Thing(assemble(whole), LABELS[name], casts, stands)


def placed(things: Sequence[Thing], *, at: Sequence[float], heading: float = 0.0) -> list[Thing]:
    """The things turned by ``heading`` degrees about their own z axis, then moved to ``at`` (x, y) or (x, y, z)."""
    turn = rotation("z", heading)
    move = np.asarray([*at, 0.0][:3], np.float32)
    return [one._replace(model=_moved(one.model, turn, move)) for one in things]


def _moved(model: Model, turn: Array, move: Array) -> Model:
    vertices = (model.vertices @ turn.T + move).astype(np.float32)
    return model._replace(vertices=vertices, normals=(model.normals @ turn.T).astype(np.float32))
