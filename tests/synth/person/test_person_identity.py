"""Who is drawn: seeded, in whole pairs of twins, and twins that differ in named marks only."""

import numpy as np
import pytest

from reseen.synth.person.describe import COLOURS, KINDS, describe
from reseen.synth.person.identity import Person, draw_identities


def people(count: int, *, share: float, seed: int = 0) -> list[Person]:
    return draw_identities(count, twins_share=share, rng=np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("count", "share", "twins"), [(10, 0.5, 4), (11, 1.0, 10), (8, 0.0, 0), (1, 1.0, 0), (4, 1.0, 4)]
)
def test_twins_come_in_whole_pairs_and_first(count: int, share: float, twins: int) -> None:
    drawn = people(count, share=share)
    assert len(drawn) == count
    assert [bool(one.differs) for one in drawn] == [True] * twins + [False] * (count - twins)


@pytest.mark.parametrize("share", [-0.1, 1.01])
def test_a_share_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        people(3, share=share)


def test_the_two_of_a_pair_differ_in_the_marks_named_and_in_nothing_else() -> None:
    drawn = people(200, share=1.0)
    kinds = set()
    for one, other in zip(drawn[::2], drawn[1::2], strict=True):
        assert (one.build, one.head, one.outfit, one.differs) == (other.build, other.head, other.outfit, other.differs)
        assert 1 <= len(one.differs) <= 2
        for name, mine, yours in zip(one.marks._fields, one.marks, other.marks, strict=True):
            assert (mine != yours) == (name in one.differs), name
        kinds |= one.differs
    assert kinds == {"bag", "print", "hat", "scarf", "shoes"}


def test_the_same_seed_draws_the_same_people_and_another_seed_others() -> None:
    assert people(12, share=0.5) == people(12, share=0.5)
    assert people(12, share=0.5) != people(12, share=0.5, seed=1)
    assert len(set(people(60, share=0.5))) == 60


def test_people_vary_in_body_and_clothes() -> None:
    drawn = people(300, share=0.0)
    heights = [one.build.height for one in drawn]
    assert 1.5 <= min(heights) < 1.62
    assert 1.85 < max(heights) <= 1.98
    assert {one.outfit.upper.kind for one in drawn} == set(KINDS.values())
    assert {one.outfit.lower.kind for one in drawn} == {"trousers", "jeans", "joggers", "shorts", "skirt", "leggings"}
    colours = [describe(one).colour for one in drawn]
    assert len(set(colours)) > 12
    # the dark everyday colours are common, so that colour alone does not name anybody
    dark = {number for number, name in COLOURS.items() if name in {"black", "charcoal", "navy", "grey", "dark denim"}}
    assert 0.25 < np.mean([colour in dark for colour in colours]) < 0.75


def test_what_is_said_of_a_person_names_its_marks() -> None:
    for one in people(40, share=0.5):
        about = describe(one)
        assert about.twin == bool(one.differs)
        assert set(about.marks) == set(one.differs or one.marks.borne)
        assert all(one.told_by(mark) for mark in about.marks)
        assert KINDS[about.kind] == one.outfit.upper.kind
