"""A gallery's answers against a loop over its vectors; what adding, changing and deleting leave behind."""

import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plain_embedder import PlainEmbedder
from reseen.deploy.search_threshold import SearchThreshold
from reseen.errors import ReseenError
from reseen.retrieval import indexes, searching
from reseen.retrieval.filters import Span
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

WIDTH, COUNT = 12, 90
START = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = (
    "o'brien",
    "x' OR '1'='1",
    "'; DROP TABLE records; --",
    'say "hi"',
    "back\\slash",
    "\x00zero",
    "üñí 車 🚗",
    "%",
    "",
)


def drawn_vectors() -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(COUNT, WIDTH)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


VECTORS = drawn_vectors()


def record(row: int) -> Record:
    return Record(
        vector=VECTORS[row],
        reference=f"{row}.jpg",
        identity=None if row % 7 == 0 else f"id {row % 9}",
        camera=None if row % 11 == 0 else f"c{row % 4}",
        time=None if row % 13 == 0 else START + timedelta(hours=row),
        fields={"colour": ("red", "green", "blue")[row % 3], "speed": row, "towing": row % 2 == 0},
    )


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    search = SearchThreshold(0.9, records=COUNT, doubling=0.02)
    made = Gallery(tmp_path / "gallery", model=GalleryModel("drawn", WIDTH, threshold=0.1, search=search), create=True)
    made.add([record(row) for row in range(COUNT)], batch=40)
    return made


def naive(query: np.ndarray, keep: list[int], k: int) -> list[str]:
    ranked = sorted(keep, key=lambda row: -float(np.float64(query) @ np.float64(VECTORS[row])))
    return [f"{row}.jpg" for row in ranked[:k]]


def images(matches) -> list[str]:
    return [match.picture for match in matches]


WISHES = [
    ({}, lambda row: True),
    ({"cameras": ["c1", "c3"]}, lambda row: row % 11 and row % 4 in (1, 3)),
    ({"after": START + timedelta(hours=30)}, lambda row: row % 13 and row >= 30),
    ({"before": START + timedelta(hours=30)}, lambda row: row % 13 and row < 30),
    (  # without a zone it is UTC
        {"after": datetime(2026, 1, 1, 20), "before": datetime(2026, 1, 2)},  # noqa: DTZ001
        lambda row: row % 13 and 20 <= row < 24,
    ),
    (
        {"after": datetime(2026, 1, 1, 20, tzinfo=UTC), "before": datetime(2026, 1, 2, tzinfo=UTC)},
        lambda row: row % 13 and 20 <= row < 24,
    ),
    (
        {"after": datetime(2026, 1, 1, 15, tzinfo=timezone(timedelta(hours=5))), "cameras": ["c2"]},
        lambda row: row % 13 and row >= 10 and row % 11 and row % 4 == 2,
    ),
    ({"where": {"colour": "red"}}, lambda row: row % 3 == 0),
    ({"where": {"colour": ["red", "blue"]}}, lambda row: row % 3 != 1),
    ({"where": {"speed": Span(10, 20)}}, lambda row: 10 <= row <= 20),
    ({"where": {"speed": Span(low=50)}}, lambda row: row >= 50),
    ({"where": {"speed": [3, 5.0]}}, lambda row: row in (3, 5)),
    ({"where": {"towing": True, "identity": "id 2"}}, lambda row: row % 2 == 0 and row % 7 and row % 9 == 2),
    ({"where": {"colour": []}}, lambda row: False),
]


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(("wish", "fits"), WISHES)
def test_a_filtered_search_gives_the_records_that_a_plain_loop_gives(gallery, monkeypatch, wish, fits, many):
    monkeypatch.setattr(searching, "MANY_QUERIES", 2 if many else 100)
    queries = np.random.default_rng(1).normal(size=(4, WIDTH))
    keep = [row for row in range(COUNT) if fits(row)]
    for query, matches in zip(queries, gallery.search(queries, k=5, **wish), strict=True):
        assert images(matches) == naive(query, keep, 5)
        expected = [float(np.float64(query) @ VECTORS[int(name[:-4])]) for name in images(matches)]
        np.testing.assert_allclose([match.similarity for match in matches], expected / np.linalg.norm(query), atol=1e-6)


@pytest.mark.parametrize("queries", [1, 5, 40])
def test_a_search_gives_the_same_with_an_index_and_with_records_added_after_it(gallery, queries):
    wanted = VECTORS[:queries] + 0.1
    before = [images(matches) for matches in gallery.search(wanted, k=7, cameras=["c1", "c2"])]
    gallery.create_index()
    late = np.eye(WIDTH, dtype=np.float32)[0]
    gallery.add([Record(vector=late, reference="late.jpg", camera="c5")])
    assert gallery.info().indexed == COUNT
    assert [images(matches) for matches in gallery.search(wanted, k=7, cameras=["c1", "c2"])] == before
    assert gallery.search(late, k=1)[0][0].picture == "late.jpg"
    gallery.compact()
    assert gallery.info().indexed == COUNT + 1
    assert gallery.search(late, k=1)[0][0].picture == "late.jpg"


def test_a_search_looks_at_every_part_of_the_index(gallery, monkeypatch):
    monkeypatch.setattr(indexes, "_EXACT_PARTITION", 8)
    gallery.create_index()
    for query in VECTORS[::10]:
        found = gallery.search(query, k=6, where={"speed": Span(None, 5)})[0]
        assert sorted(match.fields["speed"] for match in found) == [0, 1, 2, 3, 4, 5]


def test_an_index_is_built_once_it_pays(gallery, monkeypatch):
    gallery.compact()
    assert gallery.info().indexed == 0
    monkeypatch.setattr(indexes, "INDEX_PAYS", COUNT)
    gallery.compact()
    assert gallery.info().indexed == COUNT


def test_a_match_has_the_columns_of_its_record(gallery):
    match = gallery.search(VECTORS[17], k=1)[0][0]
    assert (match.identity, match.camera, match.time) == ("id 8", "c1", START + timedelta(hours=17))
    assert match.fields == {"colour": "blue", "speed": 17.0, "towing": False}
    assert (match.model, match.box, match.picture) == ("drawn", None, "17.jpg")
    assert match.similarity == pytest.approx(1.0, abs=1e-6)


def test_a_query_below_the_threshold_is_unknown(gallery):
    near, far = VECTORS[17], VECTORS[17] + VECTORS[4]
    known, unknown = gallery.search(np.stack([near, far]), k=3)
    assert (known.known, known.identity, known.threshold) == (True, "id 8", 0.9)
    assert [match.known for match in known] == [True, False, False]
    assert (unknown.known, unknown.identity) == (False, "unknown")
    assert gallery.search(far, k=3, threshold=0.1)[0].identity != "unknown"
    assert gallery.search(near, k=3, where={"colour": []})[0].identity == "unknown"


def test_a_search_in_a_larger_gallery_needs_a_higher_similarity(gallery):
    assert Gallery(gallery.info().uri).search_threshold == 0.9
    assert gallery.search(VECTORS[0])[0].judged_by == f"search threshold 0.9000 (calibrated with {COUNT} records)"
    turned = np.concatenate([np.roll(VECTORS, shift, axis=1) for shift in range(1, 4)])
    gallery.add([Record(vector=vector) for vector in turned[:-1]])
    assert gallery.search_threshold == pytest.approx(0.92), "one record short of four times as many: one doubling"
    gallery.add(Record(vector=turned[-1]))
    found = gallery.search(VECTORS[0])[0]
    assert found.threshold == gallery.search_threshold == gallery.info().search_threshold == pytest.approx(0.94)
    assert found.judged_by == f"search threshold 0.9400 (0.9000 as calibrated with 90 records, raised for {4 * COUNT})"
    assert Gallery(gallery.info().uri).search_threshold == found.threshold, "it stands in the gallery"


def test_the_threshold_of_two_images_judges_no_search(tmp_path):
    """Galleries of before there was a search threshold open, and say that they have none."""
    Gallery(tmp_path / "old", model=GalleryModel("drawn", WIDTH, threshold=0.1), create=True).add(record(1))
    old = Gallery(tmp_path / "old")
    found = old.search(VECTORS[1])[0]
    assert (old.threshold, old.search_threshold, found.threshold, found.known) == (0.1, None, None, None)
    assert found.judged_by == old.judged_by == "no search threshold is known: `reseen calibrate` finds one"
    given = old.search(VECTORS[1], threshold=0.5)[0]
    assert (given.known, given.judged_by) == (True, "threshold 0.5000, as asked")


def test_without_a_threshold_a_match_is_neither_known_nor_unknown(tmp_path):
    bare = Gallery(tmp_path / "bare", model=GalleryModel("drawn", WIDTH), create=True)
    bare.add(record(1))
    matches = bare.search(VECTORS[2])[0]
    assert (matches.known, matches[0].known, matches.identity) == (None, None, "id 1")


def test_a_record_that_is_in_the_gallery_is_not_added_again(gallery):
    again = gallery.add([record(3), record(4), Record(vector=VECTORS[3], reference="another.jpg"), record(3)], batch=3)
    assert (again.added, again.present, len(gallery)) == (1, 3, COUNT + 1)
    assert again.ids[0] == again.ids[3] != again.ids[2]


def test_a_image_is_the_same_by_its_bytes_and_its_box(tmp_path, image):
    embedder = PlainEmbedder()
    gallery = Gallery(tmp_path / "gallery", embedder=embedder, create=True)
    for name in ("a.png", "copy of a.png"):
        image(1, 0).save(tmp_path / name)
    first = Record(picture=tmp_path / "a.png", identity="first")
    box = (0, 0, 16, 16)
    added = gallery.add([first, tmp_path / "copy of a.png", Record(picture=tmp_path / "a.png", box=box)])
    assert (added.added, added.present) == (2, 1)
    assert embedder.embedded == 2, "what is there already is not embedded again"
    assert gallery.add((tmp_path / "a.png").read_bytes()).present == 1
    assert gallery.search(tmp_path / "a.png", k=1)[0].identity == "first"
    cut = gallery.search(image(1, 0).crop(box), k=1)[0][0]
    assert (cut.box, cut.similarity) == (box, pytest.approx(1.0, abs=1e-6))


def test_images_in_memory_are_known_again(tmp_path, image):
    gallery = Gallery(tmp_path / "gallery", embedder=PlainEmbedder(), create=True)
    pixels = np.asarray(image(1, 0))
    assert gallery.add([image(1, 0), pixels, pixels.copy(), image(2, 0)]).added == 2


def test_a_thumbnail_keeps_nothing_of_the_file_but_its_pixels(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "<a description>"
    said = {"comment": b"<a comment>", "exif": exif, "icc_profile": b"<a profile>" * 20, "xmp": b"<an XMP packet>"}
    file = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(file, "JPEG", **said)
    gallery = Gallery(tmp_path / "gallery", embedder=PlainEmbedder(), create=True)
    thumbnail = gallery.thumbnail(gallery.add(file.getvalue()).ids[0])
    for piece in (b"<a comment>", b"<a description>", b"<a profile>", b"<an XMP packet>"):
        assert piece in file.getvalue()
        assert piece not in thumbnail


def test_a_thumbnail_of_what_was_embedded_is_kept(tmp_path):
    wide = Image.new("RGB", (800, 400), (200, 0, 0))
    wide.paste((0, 0, 200), (0, 0, 400, 400))
    gallery = Gallery(tmp_path / "gallery", embedder=PlainEmbedder(), create=True)
    whole, part = gallery.add([Record(picture=wide), Record(picture=wide, box=(-50, 0, 400, 500))]).ids
    small = Image.open(io.BytesIO(gallery.thumbnail(whole)))
    assert (small.size, small.format) == ((192, 96), "JPEG")
    cut = Image.open(io.BytesIO(gallery.thumbnail(part)))
    assert cut.size == (192, 192)
    np.testing.assert_allclose(np.asarray(cut).mean((0, 1)), (0, 0, 200), atol=4)


def test_unreadable_images_become_failures_or_raise(tmp_path, image):
    embedder = PlainEmbedder()
    gallery = Gallery(tmp_path / "gallery", embedder=embedder, create=True)
    image(1, 0).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"not an image")
    outside = Record(picture=tmp_path / "good.png", box=(40, 0, 50, 9))
    given = [tmp_path / "gone.png", tmp_path / "good.png", tmp_path / "bad.png", outside]
    with pytest.raises(ReseenError, match=r"gone\.png: cannot read the image: No such file"):
        gallery.add(given)
    assert len(gallery) == 0
    added = gallery.add(given, on_error="skip")
    assert (added.added, [failure.place for failure in added.failures]) == (1, [0, 2, 3])
    assert [one is None for one in added.ids] == [True, False, True, True]
    assert "box (40, 0, 50, 9) lies outside the image of 32 x 32" in added.failures[2].reason


@pytest.mark.parametrize("word", HOSTILE)
def test_values_with_the_syntax_of_a_query_are_plain_strings(gallery, word):
    new = np.random.default_rng(5).normal(size=WIDTH)
    one = gallery.add(Record(vector=new, reference=word, identity=word, camera=word, fields={"note": word})).ids[0]
    for wish in ({"cameras": [word]}, {"where": {"identity": word}}, {"where": {"note": word, "picture": word}}):
        assert [match.id for match in gallery.search(new, **wish)[0]] == [one]
    match = gallery.search(new, k=1)[0][0]
    assert (match.identity, match.camera, match.fields["note"]) == (word, word, word)
    assert gallery.update([one, word], {"identity": "tame", "note": word + "!", "camera": word}) == 1
    assert [found.id for found in gallery.search(new, where={"note": word + "!", "identity": "tame"})[0]] == [one]
    assert gallery.forget(identity=word) == 0
    assert gallery.forget(camera=word) == 1
    assert len(gallery) == COUNT


def test_update_changes_the_columns_of_records(gallery):
    first, second = (gallery.search(VECTORS[row], k=1)[0][0].id for row in (5, 6))
    moment = datetime(2027, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    changes = {"identity": "new", "camera": None, "time": moment, "plate": "AB 1", "speed": 7}
    assert gallery.update([first, second, "absent"], changes) == 2
    for row, one in ((5, first), (6, second)):
        match = gallery.search(VECTORS[row], k=1)[0][0]
        assert (match.id, match.identity, match.camera, match.time) == (one, "new", None, moment)
        assert match.fields == {**record(row).fields, "plate": "AB 1", "speed": 7.0}
    assert len(gallery) == COUNT


def test_no_answer_holds_a_deleted_record(gallery):
    gallery.create_index()
    one = gallery.search(VECTORS[5], k=1)[0][0].id
    assert gallery.delete([one, "absent"]) == 1
    assert all(match.id != one for match in gallery.search(VECTORS[5], k=COUNT)[0])
    assert len(gallery) == COUNT - 1


def test_info_counts_the_records_and_names_the_types_of_their_fields(gallery):
    info = gallery.info()
    assert (info.records, info.identities, info.cameras) == (COUNT, 9, ("c0", "c1", "c2", "c3"))
    assert (info.earliest, info.latest) == (START + timedelta(hours=1), START + timedelta(hours=COUNT - 1))
    assert info.fields == {"colour": "string", "speed": "number", "towing": "boolean"}
    assert (info.model, info.width, info.indexed) == ("drawn", WIDTH, 0)
    assert (info.threshold, info.search_threshold) == (0.1, 0.9)
    assert info.bytes > COUNT * WIDTH * 4


def test_vectors_come_back_in_the_order_of_their_ids(gallery):
    ids = [gallery.search(VECTORS[row], k=1)[0][0].id for row in (8, 2, 8)]
    np.testing.assert_allclose(gallery.vectors(ids), VECTORS[[8, 2, 8]], atol=1e-7)
    assert gallery.thumbnail(ids[0]) is None
    with pytest.raises(ReseenError, match="no record with the id 'absent'"):
        gallery.vectors(["absent"])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda held: held.search(VECTORS[0], k=0), "k: expected 1 to 10,000 matches, got 0"),
        (lambda held: held.search(VECTORS[0], k=1_000_000), "k: expected 1 to 10,000 matches, got 1,000,000"),
        (lambda held: held.search(VECTORS[0], cameras=["c33"]), "no camera 'c33'; did you mean 'c3'"),
        (lambda held: held.search(VECTORS[0], where={"color": "red"}), "no field 'color'; did you mean 'colour'"),
        (lambda held: held.search(VECTORS[0], where={"speed": "fast"}), "'speed': expected a number, got 'fast'"),
        (lambda held: held.search(VECTORS[0], where={"colour": Span(1, 2)}), "'colour': expected a string, got 1"),
        (lambda held: held.search(VECTORS[:, :5]), "expected vectors as (N, 12), got 90 x 5"),
        (lambda held: held.search(np.full(WIDTH, np.nan)), "finite numbers"),
        (lambda held: held.search(np.zeros(WIDTH)), "not all zero"),
        (lambda held: held.search(b"picture"), "without an embedder"),
        (lambda held: held.add(b"picture"), "without an embedder"),
        (lambda held: held.add(Record(identity="x")), "expected an image or a vector"),
        (
            lambda held: held.add(Record(vector=-VECTORS[0], fields={"speed": "fast"})),
            "'speed': expected a number, got 'fast'",
        ),
        (
            lambda held: held.add(Record(vector=-VECTORS[0], fields={"Bad name": 1})),
            "field 'Bad name': expected a name",
        ),
        (lambda held: held.add(Record(vector=-VECTORS[0], fields={"vector": 1})), "field 'vector': expected a name"),
        (lambda held: held.add(Record(vector=-VECTORS[0], fields={"new": [1]})), "got list"),
        (lambda held: held.update(["x"], {"speed": "fast"}), "'speed': expected a number, got 'fast'"),
        (lambda held: held.update(["x"], {"vector": "fast"}), "field 'vector': expected a name"),
        (lambda held: held.update(["x"], {"time": "noon"}), "time: expected a date and time, got 'noon'"),
        (lambda held: held.forget(), "expected ids, an identity, a camera or a time, got none"),
    ],
)
def test_an_impossible_call_of_a_gallery_is_an_error_of_one_line(gallery, ask, message):
    with pytest.raises(ReseenError) as caught:
        ask(gallery)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(gallery) == COUNT


def test_vectors_of_another_model_are_refused(gallery, tmp_path):
    for other in (GalleryModel("other", WIDTH), GalleryModel("drawn", WIDTH + 1)):
        with pytest.raises(ReseenError, match="holds vectors of model drawn"):
            Gallery(tmp_path / "gallery", model=other)
        with pytest.raises(ReseenError, match="make a new gallery"):
            Gallery(tmp_path / "gallery", model=other, create=True)
    with pytest.raises(ReseenError, match="holds vectors of model drawn"):
        Gallery(tmp_path / "gallery", embedder=PlainEmbedder())
    unsaid = Gallery(tmp_path / "gallery")
    assert unsaid.search(VECTORS[0], k=1)[0][0].picture == "0.jpg"
    with pytest.raises(ReseenError, match="or with the model that made the vectors"):
        unsaid.add(record(0))


def test_the_embedders_thresholds_go_before_the_gallerys(tmp_path):
    first, second = (PlainEmbedder(threshold=pair, search=SearchThreshold(pair + 0.1)) for pair in (0.5, 0.7))
    Gallery(tmp_path / "gallery", embedder=first, create=True)
    for opened, pair in (
        (Gallery(tmp_path / "gallery"), 0.5),
        (Gallery(tmp_path / "gallery", embedder=PlainEmbedder()), 0.5),
        (Gallery(tmp_path / "gallery", embedder=second), 0.7),
    ):
        assert (opened.threshold, opened.search_threshold) == (pair, pair + 0.1)


def test_two_thresholds_and_the_size_one_was_found_at_need_no_pytorch(tmp_path):
    """A gallery is looked after without it."""
    search = SearchThreshold(0.9, records=7, doubling=0.5)
    Gallery(tmp_path / "gallery", model=GalleryModel("drawn", WIDTH, 0.5, search), create=True)
    look = (
        "import sys; from reseen.retrieval.gallery import Gallery; "
        f"print(Gallery({str(tmp_path / 'gallery')!r}).model, 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert told == f"{GalleryModel('drawn', WIDTH, 0.5, search)} False\n"


def test_a_gallery_that_is_not_there_is_created_only_on_request(tmp_path):
    with pytest.raises(ReseenError, match="no gallery there"):
        Gallery(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(ReseenError, match="no gallery there"):
        Gallery(tmp_path)
    with pytest.raises(ValueError, match="needs an embedder"):
        Gallery(tmp_path / "new", create=True)


@pytest.mark.parametrize("where", ["file://{}", "{}", "memory://"])
def test_a_gallery_opens_by_its_folder_or_its_uri(tmp_path, where):
    gallery = Gallery(where.format(tmp_path / "there"), model=GalleryModel("drawn", WIDTH), create=True)
    gallery.add([record(row) for row in range(20)])
    assert gallery.forget(identity="id 2") == 2
    assert len(gallery) == 18
    assert gallery.search(VECTORS[3], k=1)[0][0].picture == "3.jpg"


def test_the_folder_of_a_gallery_may_have_any_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["g1", "g[1]", "g?", "g*", "a#b", "a%20b", "{a,b}", "gate:1"]
    places = [
        *names,
        *(tmp_path / f"whole {name}" for name in names),
        *(f"file://{tmp_path}/url {name}" for name in names),
    ]
    for place in places:
        Gallery(place, model=GalleryModel("drawn", 3), create=True).add(
            Record(vector=np.arange(3) + 1, identity=str(place))
        )
    for place in places:
        gallery = Gallery(place)
        assert [match.identity for match in gallery.search(np.ones(3))[0]] == [str(place)]
        assert gallery.forget(identity=str(place)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*names, *(f"whole {name}" for name in names), *(f"url {name}" for name in names)]
    )


def test_a_search_asks_for_the_version_once_and_sees_what_was_added_since(tmp_path, monkeypatch):
    gallery = Gallery(tmp_path / "gallery", model=GalleryModel("0123456789abcdef", width=2), create=True)
    gallery.add(Record(vector=[1, 0], identity="a", camera="east"))
    gallery.search(np.array([1.0, 0.0]), cameras=["east"], where={"identity": "a"})
    asked: list[object] = []
    read = gallery._store.read
    monkeypatch.setattr(gallery._store, "read", lambda work: asked.append(work) or read(work))
    gallery.search(np.array([1.0, 0.0]), cameras=["east"], where={"identity": "a"})
    assert len(asked) == 2, "the version, and the search itself"
    monkeypatch.undo()
    gallery.add(Record(vector=[0, 1], identity="b", camera="west", fields={"lane": "2"}))
    assert gallery.search(np.array([0.0, 1.0]), cameras=["west"], where={"lane": "2"})[0].identity == "b"
