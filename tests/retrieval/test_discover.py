"""Who is who in a gallery: what is proposed, what accepting, refusing and undoing leave behind, what is refused."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from reseen.deploy.search_threshold import SearchThreshold
from reseen.errors import ReseenError
from reseen.file_lock import file_lock
from reseen.retrieval.discover import DiscoverSettings
from reseen.retrieval.discover.groups import unnamed_groups
from reseen.retrieval.discover.judge import Judge, by_calibration, judge_records
from reseen.retrieval.discover.neighbours import Records, near_records
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

WIDTH, INDIVIDUALS, SHOTS = 64, 30, 4
MODEL = GalleryModel("drawn", WIDTH)
CALIBRATED = GalleryModel("drawn", WIDTH, 0.7, SearchThreshold(0.75, records=100, doubling=0.02))
RNG = np.random.default_rng(0)
CENTRES = RNG.normal(size=(INDIVIDUALS, WIDTH))
NOISE = RNG.normal(size=(INDIVIDUALS, SHOTS, WIDTH)) * 0.4


def record(individual: int, shot: int, **columns) -> Record:
    vector = CENTRES[individual] + NOISE[individual, shot]
    columns = {"camera": f"c{shot % 2}", "time": datetime(2026, 1, 1, shot, tzinfo=UTC), **columns}
    return Record(vector=vector, reference=f"{individual}-{shot}", **columns)


def filled(folder: Path, *, model: GalleryModel = MODEL, name=lambda individual, shot: None) -> Gallery:
    gallery = Gallery(folder, model=model, create=True, upkeep=False)
    gallery.add([record(who, shot, identity=name(who, shot)) for who in range(INDIVIDUALS) for shot in range(SHOTS)])
    return gallery


def who_is(gallery: Gallery) -> dict[str, tuple[int, str | None]]:
    """Id -> the individual that a record shows, and the identity that it holds."""
    rows = [
        row for block in gallery._store.rows(None, columns=["id", "picture", "identity"]) for row in block.to_pylist()
    ]
    return {row["id"]: (int(row["picture"].split("-")[0]), row["identity"]) for row in rows}


def held(gallery: Gallery) -> dict[str, str | None]:
    return {id_: identity for id_, (_, identity) in who_is(gallery).items()}


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return filled(tmp_path / "g")


def test_records_without_identity_are_grouped_by_individual_with_their_evidence(gallery):
    found = gallery.discover()
    shown = who_is(gallery)
    assert (found.records, found.unnamed, found.identities) == (120, 120, 0)
    groups = [{shown[id_][0] for id_ in proposal.records} for proposal in found.proposals]
    assert len(found.proposals) == INDIVIDUALS
    assert sorted(who for group in groups for who in group) == list(range(INDIVIDUALS))
    first = found.proposals[0]
    assert (first.kind, len(first.records), first.cameras) == ("name", SHOTS, ("c0", "c1"))
    assert (first.earliest, first.latest) == tuple(datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (0, 3))
    assert first.nearest[0].similarity < first.similarity
    assert first.probability is None
    assert [p.evidence for p in found.proposals] == sorted((p.evidence for p in found.proposals), reverse=True)
    assert set(held(gallery).values()) == {None}, "nothing changes without being asked"


def test_a_probability_is_told_where_the_gallery_is_calibrated(tmp_path):
    found = filled(tmp_path / "g", model=CALIBRATED).discover()
    taken = "which strangers are taken to reach once in a hundred searches"
    assert found.judged_by == f"search threshold 0.7500 (calibrated with 100 records), {taken}"
    assert all(0.5 < proposal.probability < 1 for proposal in found.proposals)


def test_records_without_identity_near_an_identity_are_proposed_to_it(tmp_path):
    gallery = filled(tmp_path / "g", name=lambda who, shot: f"id {who}" if shot < 3 else None)
    found = gallery.discover()
    shown = who_is(gallery)
    assert found.judged_by.startswith("the names of this gallery")
    assert len(found.proposals) == INDIVIDUALS
    for proposal in found.proposals:
        assert (proposal.kind, proposal.identity, proposal.beside_count) == ("merge", None, 3)
        assert proposal.target == f"id {shown[proposal.records[0]][0]}"
        assert proposal.probability > 0.5


def test_two_identities_of_one_individual_are_proposed_to_merge(tmp_path):
    gallery = filled(tmp_path / "g", name=lambda who, shot: "twin" if (who, shot) == (5, 3) else f"id {who}")
    (proposal,) = gallery.discover().proposals
    assert (proposal.kind, proposal.identity, proposal.target) == ("merge", "twin", "id 5")
    assert proposal.text == "'twin' (1 record) looks like 'id 5' (3 records)"
    gallery.decisions().accept(proposal.id)
    assert "twin" not in held(gallery).values()


def test_an_identity_of_two_individuals_is_proposed_to_split(tmp_path):
    gallery = filled(tmp_path / "g", name=lambda who, shot: f"id {who // 2 if who < 2 else who}")
    proposal = next(p for p in gallery.discover().proposals if p.kind == "split")
    shown = who_is(gallery)
    assert proposal.identity == "id 0"
    assert len({shown[id_][0] for id_ in proposal.records}) == 1
    assert proposal.text == "4 records of 'id 0' do not look like its other 4"
    assert gallery.decisions().accept(proposal.id).name == "id 0 (2)"
    assert len({who for who, name in who_is(gallery).values() if name == "id 0"}) == 1


def test_two_boxes_of_one_image_are_never_proposed_as_one(tmp_path):
    gallery = Gallery(tmp_path / "g", model=CALIBRATED, create=True, upkeep=False)
    boxes = [(0, 0, 9, 9), (20, 0, 29, 9)]
    vectors = [CENTRES[0], CENTRES[0] + 1e-3]
    gallery.add([Record(vector=v, reference="frame", box=b) for v, b in zip(vectors, boxes, strict=True)])
    assert gallery.discover().proposals == ()
    gallery.add(Record(vector=CENTRES[0] + 2e-3, reference="other", box=boxes[0]))
    (proposal,) = gallery.discover().proposals
    assert len(proposal.records) == 2


def test_accepting_names_the_records_and_undo_brings_back_what_they_held(gallery):
    first, second = gallery.discover().proposals[:2]
    decisions = gallery.decisions()
    assert decisions.accept(first.id, name=" van 12 ").name == "van 12"
    assert decisions.accept(second.id).name == "individual 1"
    assert {id_ for id_, name in held(gallery).items() if name == "van 12"} == set(first.records)
    assert [step.name for step in decisions.history()] == ["van 12", "individual 1"]
    waiting = decisions.proposals()
    assert len(waiting) == INDIVIDUALS - 2
    decisions.undo()
    decisions.undo()
    assert set(held(gallery).values()) == {None}
    assert len(decisions.proposals()) == INDIVIDUALS
    with pytest.raises(ReseenError, match="there is no decision to undo"):
        decisions.undo()


def test_a_refused_proposal_does_not_come_back_until_its_evidence_has_changed_much(gallery):
    proposal = gallery.discover().proposals[0]
    individual = who_is(gallery)[proposal.records[0]][0]
    gallery.decisions().refuse(proposal.id)
    again = gallery.discover()
    assert len(again.proposals) == INDIVIDUALS - 1
    assert proposal.id not in {p.id for p in again.proposals}
    gallery.add(
        [
            Record(vector=CENTRES[individual] + RNG.normal(size=WIDTH) * 0.01, reference=f"{individual}-9{n}")
            for n in range(5)
        ]
    )
    assert any(set(proposal.records) <= set(p.records) for p in gallery.discover().proposals)


def test_an_undone_refusal_is_proposed_again(gallery):
    proposal = gallery.discover().proposals[0]
    decisions = gallery.decisions()
    decisions.refuse(proposal.id)
    decisions.undo()
    assert proposal.id in {p.id for p in decisions.proposals()}
    assert proposal.id in {p.id for p in gallery.discover().proposals}


def test_a_proposal_that_is_not_there_or_was_decided_is_refused_in_one_line(gallery):
    decisions = gallery.decisions()
    with pytest.raises(ReseenError, match="nothing was proposed yet"):
        decisions.accept("0123abcd")
    proposal = gallery.discover().proposals[0]
    wrong = proposal.id[:-1] + ("0" if proposal.id[-1] != "0" else "1")
    with pytest.raises(ReseenError, match=f"no proposal '{wrong}'; did you mean '{proposal.id}'"):
        decisions.refuse(wrong)
    decisions.accept(proposal.id, name="x")
    with pytest.raises(ReseenError, match=f"proposal {proposal.id} was accepted as 'x' already"):
        decisions.refuse(proposal.id)
    for name in ("", " ", "x" * 201):
        with pytest.raises(ReseenError, match="name: expected 1 to 200 characters"):
            decisions.accept(decisions.proposals()[0].id, name=name)


def test_a_proposal_whose_records_have_changed_or_gone_is_stale(gallery):
    changed, deleted, fine = gallery.discover().proposals[:3]
    gallery.update(changed.records[:1], {"identity": "somebody"})
    gallery.delete(deleted.records[:1])
    decisions = gallery.decisions()
    before = held(gallery)
    with pytest.raises(ReseenError, match="is stale: 1 record of 4 got another identity since; discover again"):
        decisions.accept(changed.id)
    with pytest.raises(ReseenError, match="is stale: 1 record of 4 is no longer in the gallery"):
        decisions.accept(deleted.id)
    assert held(gallery) == before
    assert {changed.id, deleted.id}.isdisjoint(p.id for p in decisions.proposals())
    decisions.accept(fine.id, name="a")
    gallery.update(fine.records[:1], {"identity": "b"})
    with pytest.raises(ReseenError, match="cannot undo: 1 record of 4 got another identity than 'a' since"):
        decisions.undo()


def test_a_merge_into_an_identity_that_is_gone_is_stale(tmp_path):
    gallery = filled(tmp_path / "g", name=lambda who, shot: f"id {who}" if shot < 3 else None)
    proposal = gallery.discover().proposals[0]
    gallery.update([id_ for id_, name in held(gallery).items() if name == proposal.target], {"identity": "new"})
    with pytest.raises(ReseenError, match=f"no record has the identity '{proposal.target}' any more"):
        gallery.decisions().accept(proposal.id)


def test_only_one_process_decides_at_a_time(gallery, tmp_path):
    proposal = gallery.discover().proposals[0]
    impatient = Gallery(tmp_path / "g", patience=0.1, upkeep=False)
    with (
        file_lock(tmp_path / "g/discover/lock", patience=0, advice="", keep=True),
        pytest.raises(ReseenError, match=r"in use by process .*; it decides proposals; try again when it is done"),
    ):
        impatient.decisions().accept(proposal.id)
    assert set(held(gallery).values()) == {None}


@pytest.mark.parametrize("after_the_update", [False, True])
def test_a_decision_that_was_killed_halfway_is_either_done_or_not(gallery, monkeypatch, after_the_update):
    from reseen.retrieval.discover import decisions as module

    proposal, other = gallery.discover().proposals[:2]
    update = module.update_records

    def killed(*arguments):
        if after_the_update:
            update(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "update_records", killed)
        with pytest.raises(KeyboardInterrupt):
            gallery.decisions().accept(proposal.id, name="x")
    decisions = gallery.decisions()
    decisions.refuse(other.id)
    assert [step.what for step in decisions.history()] == ["accept", "refuse"][1 - after_the_update :]
    assert ("x" in held(gallery).values()) == after_the_update
    decisions.undo()
    if after_the_update:
        decisions.undo()
    assert set(held(gallery).values()) == {None}


def test_half_a_line_of_the_journal_is_dropped_and_another_damage_is_one_line(gallery, tmp_path):
    first, second = gallery.discover().proposals[:2]
    decisions = gallery.decisions()
    decisions.accept(first.id, name="x")
    journal = tmp_path / "g/discover/decisions.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"step": 2, "wha')
    assert [step.name for step in decisions.history()] == ["x"]
    decisions.refuse(second.id)
    assert journal.read_bytes().startswith(whole)
    assert [step.what for step in decisions.history()] == ["accept", "refuse"]
    journal.write_bytes(b"{\n")
    with pytest.raises(ReseenError, match=r"decisions.jsonl: it is damaged, not every line is JSON"):
        decisions.history()
    (tmp_path / "g/discover/proposals.json").write_text("{")
    with pytest.raises(ReseenError, match="its proposals cannot be read; `reseen gallery discover` makes them anew"):
        decisions.proposals()


def test_forgetting_leaves_no_id_and_no_name_in_proposals_and_journal(gallery, tmp_path):
    first, second, third = gallery.discover().proposals[:3]
    decisions = gallery.decisions()
    decisions.accept(first.id, name="somebody secret")
    decisions.accept(second.id, name="another")
    decisions.refuse(third.id)
    gallery.forget(identity="somebody secret")
    gallery.forget(ids=third.records[:1])
    text = "".join(path.read_text() for path in (tmp_path / "g/discover").iterdir())
    gone = {*first.records, third.records[0]}
    assert "somebody secret" not in text
    assert not [id_ for id_ in gone if id_ in text]
    assert [step.name for step in decisions.history()] == ["another", None]
    assert decisions.proposals() == []
    decisions.undo()
    decisions.undo()
    assert set(held(gallery).values()) == {None}


def test_a_gallery_in_an_object_store_and_a_folder_without_rights_are_one_line(tmp_path, gallery):
    class Elsewhere:
        folder, uri = None, "s3://bucket/g"

    from reseen.retrieval.discover.decisions import Decisions

    with pytest.raises(ReseenError, match="s3://bucket/g: expected a gallery in a folder"):
        Decisions(Elsewhere())
    (tmp_path / "g/discover").write_text("not a folder")
    with pytest.raises(ReseenError, match="discover: proposals cannot be kept here: File exists"):
        gallery.discover()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_gallery_of_few_records_proposes_nothing_and_says_so(tmp_path, count):
    gallery = Gallery(tmp_path / "g", model=MODEL, create=True, upkeep=False)
    gallery.add([record(who, 0) for who in range(count)])
    found = gallery.discover()
    assert (found.proposals, found.records) == ((), count)


def test_settings_out_of_bounds_are_refused():
    for settings in ({"least": 1}, {"neighbours": 0}, {"most": 0}, {"caution": -1}):
        with pytest.raises(ReseenError, match=r"discover: .*: expected at least"):
            DiscoverSettings(**settings)


def test_the_calibrated_line_has_even_odds_where_strangers_are_as_dense_as_individuals():
    judge = by_calibration(CALIBRATED, records=100)
    scale = 0.02 / np.log(2)
    stranger = 0.01 / scale * np.exp(-(judge.level - 0.75) / scale)
    assert stranger == pytest.approx(1 / (1 - 0.7))
    assert judge.probability(0.0) == 0.5
    assert by_calibration(MODEL, records=100) is None


def test_a_record_that_is_added_may_say_whom_it_probably_shows_and_never_gets_the_name(tmp_path):
    gallery = filled(tmp_path / "g", model=CALIBRATED, name=lambda who, shot: f"id {who}")
    new = [
        Record(vector=CENTRES[3] + 0.1 * NOISE[4, 0], reference="3-new"),
        record(5, 0),
        record(6, 0, box=(0, 0, 1, 1), identity="z"),
    ]
    added = gallery.add(new, suggest=True)
    suggested = added.suggestions[0]
    assert (suggested.identity, suggested.probability > 0.9) == ("id 3", True)
    assert str(suggested).startswith("probably id 3 (")
    assert added.suggestions[1:] == (None, None)
    assert held(gallery)[added.ids[0]] is None
    assert gallery.add(new[0]).suggestions == ()
    plain = filled(tmp_path / "plain", name=lambda who, shot: f"id {who}" if who < 19 else None)
    (suggested,) = plain.add(new[0], suggest=True).suggestions
    assert (suggested.probability, str(suggested)[:20]) == (None, "most similar to id 3")


CONTENDING = """
import sys
from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
decisions = Gallery(sys.argv[1], upkeep=False).decisions()
for proposal in decisions.proposals():
    try:
        decisions.accept(proposal.id, name=f"{sys.argv[2]} {proposal.id}")
    except ReseenError as error:
        assert "was accepted as" in str(error), error
"""


@pytest.mark.long
def test_two_processes_that_decide_at_once_decide_each_proposal_once(tmp_path):
    gallery = filled(tmp_path / "g")
    gallery.discover(settings=DiscoverSettings(most=8))
    runs = [subprocess.Popen([sys.executable, "-c", CONTENDING, str(tmp_path / "g"), name]) for name in ("a", "b")]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    names = [step.name for step in gallery.decisions().history()]
    assert len(names) == len({name.split()[1] for name in names}) == 8
    assert {name for name in held(gallery).values() if name} == set(names)
    lines = (tmp_path / "g/discover/decisions.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines if '"step"' in line] == list(range(1, 9))


def test_the_judge_tells_similarities_from_evidence_and_back():
    judge = Judge(0.5, 10.0, calibrated=True, source="")
    assert judge.similarity(float(judge.evidence(0.7))) == pytest.approx(0.7)
    assert judge.probability(1e9) < 1


@pytest.mark.parametrize(
    ("individuals", "shots", "found"),
    [(1000, 1, (0, 10)), (100, 3, (95, 105)), (40, 60, (40, 40)), (300, (1, 1, 1, 4), (70, 80))],
    ids=["strangers only", "three of each", "more than a list holds", "most alone"],
)
def test_groups_are_found_without_calibration_and_strangers_are_left_alone(individuals, shots, found):
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(individuals), np.resize(shots, individuals))
    vectors = rng.normal(size=(individuals, 64))[who] + 0.6 * rng.normal(size=(len(who), 64))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    nothing, nobody = pa.nulls(len(who), pa.string()), np.full(len(who), -1)
    records = Records(nothing, vectors, nobody, [], nothing, nothing, nobody, nobody)
    near = near_records(None, records, count=24, facts=None)
    judge = judge_records(records, near, model=MODEL)
    groups = [set(who[group.rows]) for group in unnamed_groups(records, near, judge, caution=0) if len(group.rows) > 1]
    assert found[0] <= len(groups) <= found[1]
    assert sum(len(group) > 1 for group in groups) <= 5
    assert ("strangers look as similar" in judge.source) == (shots == 1)
