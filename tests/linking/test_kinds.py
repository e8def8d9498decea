"""Tracks of different kinds are never linked: each kind is linked by itself, and what was found is put together."""

import numpy as np
import polars as pl
import pytest

from drawn_town import drawn_town
from reseen.errors import ReseenError
from reseen.linking import Linker, LinkSettings, Sightings, Window, link, read_topology
from reseen.linking.by_kind import windows_of
from reseen.linking.pooling import pool


def of_kinds(*names, **town):
    """The same town once for each kind: nothing but the kind tells one from the other."""
    seen = drawn_town(**town).sightings
    tracks = [f"{name}{track}" for name in names for track in seen.tracks]
    columns = {field: np.concatenate([getattr(seen, field)] * len(names)) for field in ("cameras", "begin", "end")}
    kinds = tuple(name for name in names for _ in range(len(seen)))
    return Sightings(tracks=tracks, vectors=np.concatenate([seen.vectors] * len(names)), kinds=kinds, **columns)


def test_a_person_and_a_vehicle_are_never_linked_however_alike_they_are():
    seen = of_kinds("person", "vehicle", individuals=12)
    linking = link(seen)
    persons, vehicles = (set(linking.identities[np.array(seen.kinds) == kind]) for kind in ("person", "vehicle"))
    assert not persons & vehicles
    assert all(seen.kinds[one.first] == seen.kinds[one.second] for one in (*linking.links, *linking.doubts))


def test_each_kind_is_linked_as_it_is_alone():
    seen = of_kinds("person", "vehicle", individuals=30)
    both, alone = link(seen), link(drawn_town(individuals=30).sightings)
    for kind in ("person", "vehicle"):
        identities = both.identities[np.array(seen.kinds) == kind]
        assert (np.equal.outer(identities, identities) == np.equal.outer(alone.identities, alone.identities)).all()
    assert both.threshold == f"person: {alone.threshold}; vehicle: {alone.threshold}"
    assert [(way.kind, way.origin, way.target) for way in both.ways] == [
        (kind, way.origin, way.target) for kind in ("person", "vehicle") for way in alone.ways
    ]
    assert {window.kind for window in both.windows} == {"person", "vehicle"}
    assert len(both.windows) == 2 * len(alone.windows)


def test_tracks_of_one_kind_are_linked_as_those_without():
    alone, known = drawn_town(individuals=12).sightings, of_kinds("person", individuals=12)
    assert link(known).identities.tolist() == link(alone).identities.tolist()
    assert not any(way.kind for way in link(known).ways)


def test_the_doubts_of_all_kinds_are_those_nearest_to_what_a_link_needs():
    doubts = link(of_kinds("person", "vehicle", individuals=30), settings=LinkSettings(caution=3.0)).doubts
    from_the_decision = [abs(doubt.evidence - 3.0) for doubt in doubts]
    assert len(doubts) > 2
    assert from_the_decision == sorted(from_the_decision)


def test_kinds_may_be_any_column():
    columns = {"begin": [0.0], "end": [1.0], "vectors": [[1.0, 0.0]]}
    for kinds in (["person"], np.array(["person"])):
        assert Sightings(["a"], [1], **columns, kinds=kinds).kinds == ("person",)


def test_tracks_of_unknown_kind_are_linked_among_themselves():
    seen = of_kinds("", "person", individuals=5)
    identities = link(seen).identities
    assert not set(identities[: len(seen) // 2]) & set(identities[len(seen) // 2 :])


def test_tracks_that_come_one_by_one_keep_their_kinds():
    linker = Linker()
    columns = {"begin": [0.0], "end": [1.0], "vectors": [[1.0, 0.0]]}
    linker.update(Sightings(["a"], [1], **columns, kinds=("person",)))
    linker.update(Sightings(["b"], [1], **columns))
    assert linker.linking.sightings.kinds == ("person", "")
    assert linker.linking.sightings.rows(np.array([1])).kinds == ("",)


def test_a_window_of_a_kind_stands_before_that_of_all():
    windows = (Window("a", "b", 1, 9), Window("a", "b", 60, 200, kind="person"), Window("b", "a", 1, 9))
    assert windows_of(windows, "person") == (windows[1], windows[2])
    assert windows_of(windows, "vehicle") == windows_of(windows, "") == (windows[0], windows[2])


def test_a_topology_may_say_of_whom_a_row_is(tmp_path):
    (tmp_path / "roads.csv").write_text("from,to,shortest,longest,kind\na,b,1,9,\na,b,60,200,person\n")
    assert read_topology(tmp_path / "roads.csv") == (
        Window("a", "b", 1, 9),
        Window("a", "b", 60, 200, kind="person"),
        Window("b", "a", 1, 9),
        Window("b", "a", 60, 200, kind="person"),
    )


def test_windows_of_a_kind_hold_for_that_kind_alone():
    seen = of_kinds("person", "vehicle", individuals=12)
    names = sorted(set(seen.cameras.tolist()))
    late = [Window(a, b, 1e5, 2e5, kind="person") for a in names for b in names if a != b]
    identities = link(seen, topology=late).identities
    persons = identities[np.array(seen.kinds) == "person"]
    cameras = seen.cameras[np.array(seen.kinds) == "person"]
    assert all(len(set(cameras[persons == who])) == 1 for who in set(persons))
    vehicles = identities[np.array(seen.kinds) == "vehicle"]
    assert len(set(vehicles)) < len(set(persons))


def test_bad_kinds_are_one_line():
    columns = {"begin": [0.0], "end": [1.0], "vectors": [[1.0, 0.0]]}
    with pytest.raises(ReseenError, match="kinds: expected 1, one per track, got 2"):
        Sightings(["a"], [1], **columns, kinds=("person", "vehicle"))
    with pytest.raises(ReseenError, match=r"topology: no kind 'persn'; did you mean 'person'"):
        link(Sightings(["a"], [1], **columns, kinds=("person",)), topology=[Window("a", "a", 1, 2, kind="persn")])


def test_a_track_is_of_the_kind_that_most_of_its_boxes_have():
    box = {"left": 9.0, "top": 9.0, "width": 8.0, "height": 8.0}
    kinds = ["person", "vehicle", "person", None, "vehicle", None, None]
    rows = pl.DataFrame({"track": list("1111223"), "kind": kinds}).with_columns(
        camera=pl.lit("a"),
        time=pl.int_range(7).cast(pl.Float64),
        **{name: pl.lit(value) for name, value in box.items()},
    )
    assert pool(rows, np.ones((7, 2))).sightings.kinds == ("person", "vehicle", "")
    assert pool(rows.drop("kind"), np.ones((7, 2))).sightings.kinds == ()


def test_a_change_of_individual_is_judged_among_tracks_of_the_same_kind():
    """Images of one person differ more than those of two vehicles."""
    rows, vectors, axes = [], [], np.eye(32)
    for kind, spread in (("person", 2.0), ("vehicle", 0.1)):
        for track in range(12):
            for time in range(10):
                changed = kind == "vehicle" and track == 0 and time > 4
                vectors.append(axes[track] + spread * axes[20 + time] + (0.7 * axes[15] if changed else 0.0))
                rows.append({"camera": "a", "track": f"{kind}{track}", "time": float(time), "kind": kind})
    box = {"left": 9.0, "top": 9.0, "width": 8.0, "height": 8.0}
    boxes = pl.DataFrame(rows).with_columns(**{name: pl.lit(value) for name, value in box.items()})
    (switch,) = pool(boxes, np.array(vectors)).switches
    assert (switch.track, switch.time) == ("vehicle0", 5.0)
    assert pool(boxes.drop("kind"), np.array(vectors)).switches == ()
