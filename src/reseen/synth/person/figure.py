"""A person put together: everything that does not change from image to image, and then the body in its pose.

R = rings, S = points round a ring, V = vertices.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from reseen.synth.person import bags, clothes, headwear, paint
from reseen.synth.person.hair import hair
from reseen.synth.person.head import head
from reseen.synth.person.identity import Person
from reseen.synth.person.overlay import Chart, Overlay, lay, printed
from reseen.synth.person.physique import lengths, trunk_profile
from reseen.synth.person.poses import PersonState
from reseen.synth.person.shoes import shaft, shoe
from reseen.synth.person.skeleton import Frame, Skeleton, stand_up
from reseen.synth.person.skirts import Cut, Skirt, hang, skirt
from reseen.synth.person.surface import Axis, Tube, blob, pose
from reseen.synth.render.mesh import Mesh, Part, merge


class WornSurface(NamedTuple):
    """A tube on one axis of the skeleton, with what lies on it and whether that is a mark."""

    tube: Tube
    axis: str
    mark: bool = False
    gloss: float = 0.0
    overlays: tuple[tuple[Overlay, bool], ...] = ()


class Rigid(NamedTuple):
    """A mesh that keeps its shape in one frame of the skeleton."""

    mesh: Mesh
    frame: str
    mark: bool = False
    gloss: float = 0.0


class Figure(NamedTuple):
    """All of a person that images share."""

    worn: tuple[WornSurface, ...]
    skirts: tuple[Skirt, ...]
    rigid: tuple[Rigid, ...]


def build(person: Person, state: PersonState) -> list[Part]:
    """The person as it stands or walks in one image, its feet on the ground, facing +x."""
    figure = assemble(person)
    body = stand_up(person.build, state.pose)
    rng = np.random.default_rng(state.seed)
    axes = _axes(body)
    plain: list[Mesh] = []
    parts: list[Part] = []
    for item in figure.worn:
        grid = pose(item.tube, axes[item.axis], rng)
        if item.gloss or item.mark:
            parts.append(Part(grid.mesh(), item.mark, item.gloss))
        else:
            plain.append(grid.mesh())
        parts += [Part(lay(top, grid), mark) for top, mark in item.overlays]
    plain += [hang(item, body, rng).mesh() for item in figure.skirts]
    frames = _frames(body)
    parts += [Part(_stand(item.mesh, frames[item.frame]), item.mark, item.gloss) for item in figure.rigid]
    return [Part(merge(plain)), *parts]


@lru_cache(maxsize=64)
def assemble(person: Person) -> Figure:
    """What does not depend on the pose; the last few persons are remembered."""
    trunk, chart = clothes.upper_trunk(person.outfit.upper, person.build)
    bag, gloss = person.marks.bag, person.outfit.upper.gloss
    overlays = [(item, person.told_by("print")) for item in _print(person, chart)]
    overlays += [(strap, person.told_by("bag")) for strap in (bags.straps(bag, chart) if bag else [])]
    worn = [WornSurface(trunk, "trunk", gloss=gloss, overlays=tuple(overlays))]
    worn.append(WornSurface(clothes.neck(person.build, person.head.skin), "trunk"))
    collar = clothes.collar(person.outfit.upper, person.build)
    worn += [WornSurface(collar, "trunk", gloss=gloss)] if collar else []
    worn += _arms(person) + _legs(person)
    rigid = [*_head(person), *_limb_ends(person)]
    if bag:
        body = merge(bags.bag_body(bag, person.build, ease=person.outfit.upper.ease))
        rigid.append(Rigid(body, bags.bag_frame(bag), person.told_by("bag"), gloss=0.1))
    return Figure(tuple(worn), tuple(_skirts(person)), tuple(rigid))


def _print(person: Person, chart: Chart) -> list[Overlay]:
    item = person.marks.print
    if item is None:
        return []
    image = paint.draw_print(item.kind, item.colours, cells=16)
    cells = np.linspace(-0.5, 0.5, len(image.keep) + 1)
    half = float(trunk_profile(person.build, [0.735])[0, 0]) + 0.9 * person.outfit.upper.ease
    turns = clothes.turn_at((item.shift + item.width * cells) / half)
    heights = 0.735 - item.width / person.build.height * cells
    turns = turns if item.place == "chest" else turns + np.pi
    return [printed(chart, texture=image.texture, keep=image.keep, heights=heights, turns=turns)]


def _arms(person: Person) -> list[WornSurface]:
    upper = person.outfit.upper
    bone = lengths(person.build)
    end = upper.sleeve * (bone.upper_arm + bone.forearm)
    worn: list[WornSurface] = []
    for axis in ("left arm", "right arm"):
        if upper.sleeve < 0.93:
            worn.append(
                WornSurface(
                    clothes.bare_limb(person.build, person.head.skin, leg=False, start=max(end - 0.03, 0)), axis
                )
            )
        if upper.sleeve > 0.05:
            worn.append(WornSurface(clothes.sleeve(upper, person.build), axis, gloss=upper.gloss))
    return worn


def _legs(person: Person) -> list[WornSurface]:
    upper, lower = person.outfit.upper, person.outfit.lower
    bone = lengths(person.build)
    dressed = upper.kind == "dress" or lower.kind == "skirt"
    worn: list[WornSurface] = [] if dressed else [WornSurface(clothes.hips(lower, person.build), "trunk")]
    skin = (0.10, 0.09, 0.09) if lower.stockings else person.head.skin
    shoes = person.marks.shoes
    for axis in ("left leg", "right leg"):
        worn.append(WornSurface(shaft(shoes, person.build), axis, person.told_by("shoes")))
        covered = 0.0 if dressed else lower.length * (bone.thigh + bone.shank)
        if dressed or lower.kind == "shorts":
            worn.append(
                WornSurface(clothes.bare_limb(person.build, skin, leg=True, start=max(covered - 0.06, 0.05)), axis)
            )
        if not dressed:
            worn.append(WornSurface(clothes.trouser_leg(lower, person.build, left=axis == "left leg"), axis))
    return worn


def _skirts(person: Person) -> list[Skirt]:
    upper, lower = person.outfit.upper, person.outfit.lower
    bone = lengths(person.build)
    leg = bone.thigh + bone.shank
    cuts: list[Cut] = []
    if lower.kind == "skirt" and upper.kind != "dress":
        cuts.append(
            Cut((lower.colour, lower.second), lower.length * leg, lower.ease, lower.hem_ease * 0.6, "plain", 0.05)
        )
    if upper.skirt:
        pattern = upper.pattern if upper.pattern in {"stripes", "checks"} else "plain"
        gap = lower.colour if upper.front == "open" else None
        flare = 0.03 if upper.kind == "coat" else 0.05
        cuts.append(Cut((upper.colour, upper.second), upper.skirt * leg, upper.ease, flare, pattern, upper.scale, gap))
    return [skirt(person.build, cut) for cut in cuts]


def _head(person: Person) -> list[Rigid]:
    size, look, marks = lengths(person.build).head, person.head, person.marks
    grids = head(size, look.skin, beard=look.beard, hair=look.hair)
    upper = person.outfit.upper
    if upper.collar == "hood":
        grids += headwear.hood(upper.colour, size, up=look.hooded)
    if not look.hooded:
        grids += hair(size, look.style, look.hair, covered=marks.hat is not None)
    extras = {
        "hat": headwear.hat(marks.hat, size) if marks.hat else [],
        "scarf": headwear.scarf(marks.scarf, size) if marks.scarf else [],
        "glasses": headwear.glasses(marks.glasses, size) if marks.glasses else [],
    }
    bare = Rigid(merge([grid.mesh() for grid in grids]), "head")
    return [
        bare,
        *(
            Rigid(merge([g.mesh() for g in item]), "head", person.told_by(name))
            for name, item in extras.items()
            if item
        ),
    ]


def _limb_ends(person: Person) -> list[Rigid]:
    tall, shoes = person.build.height, person.marks.shoes
    palm = blob((0.021 * tall, 0.012 * tall, 0.043 * tall), person.head.skin, boxy=0.15, rings=8, sides=10)
    hand = bags.moved(palm, (0.004 * tall, 0, -0.036 * tall)).mesh()
    foot = shoe(shoes, person.build).mesh()
    told = person.told_by("shoes")
    return [
        *(Rigid(hand, frame) for frame in ("left wrist", "right wrist")),
        *(Rigid(foot, frame, told, 0.15) for frame in ("left foot", "right foot")),
    ]


def _axes(body: Skeleton) -> dict[str, Axis]:
    (left_arm, right_arm), (left_leg, right_leg) = body.arms, body.legs
    limbs = {"left arm": left_arm, "right arm": right_arm, "left leg": left_leg, "right leg": right_leg}
    return {"trunk": body.trunk, **limbs}


def _frames(body: Skeleton) -> dict[str, Frame]:
    frames = {"head": body.head, "chest": body.chest, "pelvis": body.pelvis}
    for side, hand, foot in zip(("left", "right"), body.hands, body.feet, strict=True):
        # what is carried hangs upright from the hand, what is part of the hand turns with it
        frames |= {f"{side} wrist": hand, f"{side} hand": Frame(body.pelvis.turn, hand.origin), f"{side} foot": foot}
    return frames


def _stand(mesh: Mesh, frame: Frame) -> Mesh:
    turn = frame.turn.T
    return mesh._replace(vertices=mesh.vertices @ turn + frame.origin, normals=mesh.normals @ turn)
