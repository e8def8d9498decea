"""Online linking gives identities as tracks come, keeps their numbers, and says which it revises."""

import numpy as np
import pytest

from drawn_town import drawn_town
from reseen.errors import ReseenError
from reseen.linking import Linker, Sightings, Window, link


def fed(town, *, parts, **options):
    """The town in the order of its times, in so many parts; the last identity of each track, and the revisions."""
    linker, order = Linker(**options), np.argsort(town.sightings.end)
    names, revised = {}, []
    for rows in np.array_split(order, parts):
        seen = town.sightings.rows(rows)
        updated = linker.update(seen)
        names |= dict(zip(seen.tracks.tolist(), updated.identities.tolist(), strict=True))
        revised += updated.revised
        names |= {change.track: change.now for change in updated.revised}
    return np.array([names[track] for track in town.sightings.tracks.tolist()]), revised


def test_identities_as_they_come_are_as_good_in_the_end():
    town = drawn_town(individuals=30)
    identities, revised = fed(town, parts=6)
    at_once = link(town.sightings).identities
    assert (np.equal.outer(identities, identities) == np.equal.outer(at_once, at_once)).all()
    assert all(change.before != change.now for change in revised)


def test_what_is_past_the_horizon_keeps_its_identity_and_is_held_no_longer():
    town = drawn_town(individuals=10)
    linker = Linker(horizon=60.0)
    order = np.argsort(town.sightings.end)
    for rows in np.array_split(order, 5):
        linker.update(town.sightings.rows(rows))
    held = linker.linking.sightings
    assert len(held) < len(town.truth)


def test_numbers_are_never_given_twice():
    linker = Linker(horizon=1.0)
    seen = [
        linker.update(Sightings(["a"], [n], [100.0 * n], [100.0 * n + 1], [[1.0, float(n)]])).identities[0]
        for n in range(4)
    ]
    assert seen == [1, 2, 3, 4]


def test_a_topology_may_name_cameras_that_have_not_been_seen_yet():
    linker = Linker(topology=[Window("a", "z", 1, 2)])
    assert linker.update(Sightings(["a"], [1], [0.0], [1.0], [[1.0, 0.0]])).identities.tolist() == [1]
    with pytest.raises(ReseenError, match="horizon: expected seconds above 0"):
        Linker(horizon=0)
