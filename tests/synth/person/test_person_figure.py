"""A person as parts: sound meshes for all clothes and accessories, repeatable, with the marks flagged."""

from collections.abc import Sequence

import numpy as np
import pytest

from reseen.synth.person.figure import build
from reseen.synth.person.hair import HAIR_STYLES
from reseen.synth.person.identity import Person, draw_identities
from reseen.synth.person.marks import Bag, Hat, Print
from reseen.synth.person.poses import draw_state
from reseen.synth.person.wardrobe import UPPERS
from reseen.synth.render.mesh import Part

RED, BLUE = (0.7, 0.1, 0.1), (0.1, 0.2, 0.6)
PEOPLE = draw_identities(240, twins_share=0.5, rng=np.random.default_rng(2))
STATE = draw_state(None, np.random.default_rng(0))


def bare(person: Person) -> Person:
    marks = person.marks._replace(bag=None, print=None, hat=None, scarf=None, glasses="")
    return person._replace(marks=marks, differs=frozenset())


def check(parts: Sequence[Part]) -> None:
    for part in parts:
        mesh = part.mesh
        count = len(mesh.vertices)
        assert mesh.vertices.dtype == mesh.normals.dtype == mesh.colours.dtype == np.float32
        assert mesh.triangles.dtype == np.int32
        assert mesh.normals.shape == mesh.colours.shape == (count, 3)
        assert np.isfinite(mesh.vertices).all()
        np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-2)
        assert 0 <= mesh.colours.min() <= mesh.colours.max() <= 1
        assert 0 <= mesh.triangles.min() <= mesh.triangles.max() < count


def outward(part: Part) -> float:
    """The share of the triangles whose winding agrees with their vertices' normals."""
    a, b, c = (part.mesh.vertices[part.mesh.triangles[:, k]] for k in range(3))
    normal = part.mesh.normals[part.mesh.triangles].mean(axis=1)
    return float((np.einsum("ti,ti->t", np.cross(b - a, c - a), normal) >= 0).mean())


def everywhere(parts: Sequence[Part]) -> np.ndarray:
    return np.concatenate([part.mesh.vertices for part in parts])


def same(first: Sequence[Part], second: Sequence[Part]) -> bool:
    return len(first) == len(second) and all(
        np.array_equal(a, b)
        for one, other in zip(first, second, strict=True)
        for a, b in zip(one.mesh, other.mesh, strict=True)
    )


@pytest.mark.parametrize("kind", UPPERS)
def test_every_garment_makes_a_sound_body_on_the_ground(kind: str) -> None:
    worn = [one for one in PEOPLE if one.outfit.upper.kind == kind]
    assert worn
    for person in worn[:6]:
        parts = build(person, STATE)
        check(parts)
        assert min(outward(part) for part in parts) > 0.97
        points = everywhere(parts)
        assert -0.03 < points[:, 2].min() < 0.01
        assert person.build.height * 0.93 < points[:, 2].max() < person.build.height * 1.12
        assert np.abs(points[:, :2]).max() < 1.1
        assert sum(len(part.mesh.triangles) for part in parts) < 15_000


@pytest.mark.parametrize("style", HAIR_STYLES)
@pytest.mark.parametrize("hat", ["", "cap", "beanie", "brim"])
def test_every_hair_fits_under_every_hat(style: str, hat: str) -> None:
    person = bare(PEOPLE[0])
    marks = person.marks._replace(hat=Hat(hat, RED, BLUE) if hat else None)
    parts = build(person._replace(head=person.head._replace(style=style, hooded=False), marks=marks), STATE)
    check(parts)
    assert sum(part.mark for part in parts) == bool(hat)


@pytest.mark.parametrize("kind", ["backpack", "shoulder", "crossbody", "handbag", "shopper"])
@pytest.mark.parametrize("side", [1, -1])
def test_every_bag_hangs_on_its_side_and_is_a_mark(kind: str, side: int) -> None:
    person = bare(PEOPLE[1])
    bag = Bag(kind, RED, BLUE, side, 1.0, "disc")
    parts = build(person._replace(marks=person.marks._replace(bag=bag)), STATE)
    check(parts)
    marked = everywhere([part for part in parts if part.mark])
    bulk = max((part for part in parts if part.mark), key=lambda part: len(part.mesh.vertices))
    middle = bulk.mesh.vertices.mean(axis=0)
    if kind == "backpack":
        assert middle[0] < -0.1
        assert abs(middle[1]) < 0.1
    else:
        assert side * middle[1] > 0.1
    assert marked[:, 2].min() > 0.05


@pytest.mark.parametrize(("place", "ahead"), [("chest", 1), ("back", -1)])
def test_a_print_is_on_the_side_it_says(place: str, ahead: int) -> None:
    person = bare(next(one for one in PEOPLE if one.outfit.upper.kind == "tshirt"))
    motif = Print("disc", (RED, BLUE), place, 0.2, 0.0)
    parts = build(person._replace(marks=person.marks._replace(print=motif)), STATE)
    (mark,) = [part for part in parts if part.mark]
    trunk = parts[0].mesh.vertices[:, 0].mean()
    assert ahead * (mark.mesh.vertices[:, 0].mean() - trunk) > 0.05
    assert np.ptp(mark.mesh.vertices[:, 1]) == pytest.approx(0.18, abs=0.06)
    assert 0.65 < mark.mesh.vertices[:, 2].mean() / person.build.height < 0.8


def test_the_same_person_in_the_same_state_is_the_same_whatever_was_built_before() -> None:
    first = build(PEOPLE[3], STATE)
    for other in PEOPLE[4:90]:
        build(other, draw_state(None, np.random.default_rng(1)))
    assert same(first, build(PEOPLE[3], STATE))
    assert not same(first, build(PEOPLE[3], STATE._replace(seed=STATE.seed + 1)))


def test_twins_are_alike_in_all_that_is_no_mark() -> None:
    pairs = [pair for pair in zip(PEOPLE[:120:2], PEOPLE[1:120:2], strict=True) if pair[0].differs <= {"bag", "print"}]
    assert len(pairs) > 5
    for pair in pairs:
        plain = [[part for part in build(one, STATE) if not part.mark] for one in pair]
        assert same(*plain)


def test_only_what_tells_twins_apart_is_a_mark() -> None:
    for person in PEOPLE[:120]:
        marked = any(part.mark for part in build(person, STATE))
        shown = person.differs & (person.marks.borne | {"shoes"})
        assert marked == bool(shown)
