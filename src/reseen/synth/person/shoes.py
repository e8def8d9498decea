"""Shoes, trainers and boots: rigid, in the frame of the ankle (x towards the toe, z up)."""

import numpy as np

from reseen.synth.person.physique import Build, calf, lengths, limb_radius
from reseen.synth.person.surface import Grid, Tube, along_axis, angles, float32, still, tube
from reseen.synth.person.wardrobe import Shoes

_SIDES = 14


def shoe(shoes: Shoes, build: Build) -> Grid:
    """One shoe: rings from heel to toe, flat below, the sole in its own colour."""
    bone = lengths(build)
    tall, wide = build.height, build.height * (1 - 0.08 * build.shape)
    along = np.array([0.0, 0.03, 0.12, 0.28, 0.42, 0.56, 0.70, 0.82, 0.92, 0.975, 1.0])
    half = (
        np.interp(along, [0, 0.06, 0.25, 0.45, 0.68, 0.88, 1.0], [0.006, 0.017, 0.0185, 0.0195, 0.0255, 0.022, 0.005])
        * wide
    )
    top = (
        np.interp(
            along,
            [0, 0.05, 0.22, 0.36, 0.55, 0.80, 0.95, 1.0],
            [0.028, 0.046, 0.050, 0.047, 0.034, 0.024, 0.018, 0.010],
        )
        * tall
    )
    bottom = np.interp(along, [0, 0.05, 0.90, 1.0], [0.006, 0.0, 0.0, 0.007]) * tall
    turn = angles(_SIDES)
    up, across = np.cos(turn), np.sin(turn)
    rise = np.sign(up) * np.abs(up) ** 0.7
    height = (top + bottom)[:, None] / 2 + (top - bottom)[:, None] / 2 * rise
    y = half[:, None] * np.sign(across) * np.abs(across) ** 0.7 * np.interp(height / tall, [0.01, 0.05], [1.0, 0.78])
    x = np.broadcast_to(((along * 0.158) - 0.045)[:, None] * tall, y.shape)
    # rings advance along x, from z (the start of a ring) round to y: x = z cross -y, so y runs negative
    points = np.stack([x, -y, height - bone.ankle], axis=-1)
    thick = {"trainers": 0.022, "boots": 0.016, "shoes": 0.010}[shoes.kind]
    colours = np.where((height < thick)[..., None], np.asarray(shoes.sole), np.asarray(shoes.colour))
    if shoes.kind == "trainers":
        lace = (np.abs(across) < 0.5)[None] & (up > 0)[None] & ((along > 0.38) & (along < 0.6))[:, None]
        colours = np.where(lace[..., None], 0.4 * colours + 0.6 * np.asarray(shoes.sole), colours)
    return still(points, colours)


def shaft(shoes: Shoes, build: Build) -> Tube:
    """The leg of a boot, or the collar of a shoe, round the shank: a tube on the axis of the leg."""
    bone = lengths(build)
    length = bone.thigh + bone.shank
    at = np.linspace(length - shoes.shaft - 0.012, length + 0.002, 5 + int(shoes.shaft * 30))
    turn = angles(_SIDES)
    radius = limb_radius(build, at, leg=True)[:, None] + 0.006
    forward = radius * np.cos(turn) - calf(build, at)[:, None]
    colours = np.broadcast_to(float32(shoes.colour), (*forward.shape, 3))
    return tube(along_axis(at, length), (forward, radius * np.sin(turn)), colours)
