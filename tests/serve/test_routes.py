"""What each route answers: the same as the embedder and the gallery say themselves."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from reseen.retrieval.embedder import Embedder
from reseen.retrieval.record import Record

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""When the gallery's first record was seen."""


@pytest.fixture
def stripes(image, encoded) -> bytes:
    """A new image of individual 2."""
    return encoded(image(2, 9))


def test_embed_answers_the_embedders_vector(client, gallery, stripes):
    answer = client.post("/embed", content=stripes).json()
    np.testing.assert_allclose(answer["vector"], gallery.embedder(stripes)[0], atol=1e-6)
    assert answer["model"] == gallery.embedder.fingerprint


def test_a_box_is_cut_out_of_the_upright_image(client, gallery, image, encoded):
    turned = image(3, 0, size=40).crop((0, 0, 40, 24)).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = turned.rotate(-90, expand=True)
    found = client.post("/embed?box=4,2,30,20", content=encoded(turned, exif=exif)).json()["vector"]
    np.testing.assert_allclose(found, gallery.embedder(upright.crop((4, 2, 30, 20)))[0], atol=1e-6)


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ({}, {}),
        ({"k": 3}, {"k": 3}),
        ({"camera": "gate 1"}, {"cameras": ["gate 1"]}),
        ({"camera": ["gate 1", "gate 2"], "k": 30}, {"cameras": ["gate 1", "gate 2"], "k": 30}),
        ({"after": "2026-03-01T20:00:00Z"}, {"after": START + timedelta(hours=8)}),
        ({"before": "2026-03-01T22:00:00+02:00"}, {"before": START + timedelta(hours=8)}),
        ({"before": "2026-03-01T20:00:00"}, {"before": START + timedelta(hours=8)}),
        ({"where": '{"colour": "red", "lane": [1, 2]}'}, {"where": {"colour": "red", "lane": [1, 2]}}),
        ({"where": '{"lane": {"low": 1.5}}'}, {"where": {"lane": (1.5, None)}}),
        ({"threshold": 0.999}, {"threshold": 0.999}),
    ],
)
def test_search_answers_the_gallerys_matches(client, gallery, stripes, asked, options):
    if "where" in options and "colour" not in options["where"]:
        from reseen.retrieval.filters import Span

        options = {"where": {"lane": Span(*options["where"]["lane"])}}
    found, expected = (
        client.post("/search", params=asked, content=stripes).json(),
        gallery.search(stripes, **options)[0],
    )
    assert [match["id"] for match in found["matches"]] == [match.id for match in expected]
    assert (found["identity"], found["known"]) == (expected.identity, expected.known)
    assert found["threshold"] == options.get("threshold", gallery.search_threshold)
    assert found["judged_by"] == expected.judged_by
    first, best = found["matches"][0], expected[0]
    assert first["similarity"] == pytest.approx(best.similarity, abs=1e-6)
    assert datetime.fromisoformat(first["time"]) == best.time
    for name in ("known", "identity", "camera", "picture", "fields", "box"):
        assert first[name] == getattr(best, name)


def test_search_finds_the_same_individual(client, stripes):
    found = client.post("/search?k=3", content=stripes).json()
    assert found["identity"] == "individual 2"
    assert [match["identity"] for match in found["matches"]] == ["individual 2"] * 3


def test_records_similar_to_a_record_do_not_include_itself(client, gallery):
    ids = [match.id for match in gallery.search(gallery.vectors([any_id(gallery)])[0], k=6)[0]]
    for k in (1, 5):
        found = client.get(f"/records/{ids[0]}/similar?k={k}").json()["matches"]
        assert [match["id"] for match in found] == ids[1 : k + 1]
    elsewhere = client.get(f"/records/{ids[0]}/similar?k=100&camera=gate 2").json()["matches"]
    assert len(elsewhere) == 12 - any(
        match.camera == "gate 2" for match in gallery.search(gallery.vectors(ids[:1]))[0][:1]
    )


def any_id(gallery) -> str:
    return str(gallery.search(np.eye(1, gallery.embedder.width)[0], k=1)[0][0].id)


def test_a_record_added_twice_is_there_once_as_the_gallery_itself_would_add_it(client, gallery, stripes):
    said = {"identity": "new", "camera": "gate 3", "time": "2026-03-09T08:00:00Z", "reference": "new.png"}
    more = {**said, "box": "1,2,30,31", "fields": '{"colour": "green", "seen": true}'}
    id = client.post("/records", params=more, content=stripes).json()["id"]  # noqa: A001
    again = client.post("/records", params=said | {"box": "1,2,30,31"}, content=stripes).json()["id"]
    assert again == id
    assert len(gallery) == 25
    assert gallery.add(Record(picture=stripes, box=(1, 2, 30, 31))).ids == (id,), "the same as without HTTP"
    found = client.get(f"/records/{id}/similar?k=1").status_code
    match = next(match for match in gallery.search(stripes, k=25)[0] if match.id == id)
    assert found == 200
    assert (match.identity, match.camera, match.picture) == ("new", "gate 3", "new.png")
    assert match.time == datetime(2026, 3, 9, 8, tzinfo=UTC)
    assert match.fields == {"colour": "green", "seen": True}
    cut = Image.open(BytesIO(stripes)).crop((1, 2, 30, 31))
    np.testing.assert_allclose(gallery.vectors([id]), gallery.embedder(cut), atol=1e-6)
    assert Image.open(BytesIO(client.get(f"/records/{id}/thumbnail").content)).size == cut.size
    assert "gate 3" in client.get("/cameras").json()


def test_fields_that_do_not_fit_are_a_conflict_and_spoil_nobody_elses_record(client, gallery, stripes):
    answer = client.post("/records", params={"fields": '{"lane": "left"}'}, content=stripes)
    assert answer.status_code == 409
    assert answer.json() == {"detail": "field 'lane': expected a number, got 'left'"}
    assert len(gallery) == 24


def test_a_forgotten_record_is_gone(client, gallery):
    id = any_id(gallery)  # noqa: A001
    assert client.post("/forget", json={"ids": [id]}).json() == {"forgotten": 1}
    for path in ("thumbnail", "similar", f"explanation?query={id}"):
        assert client.get(f"/records/{id}/{path}").status_code == 404
    assert client.post("/forget", json={"camera": "gate 1", "before": "2026-03-01T18:00:00Z"}).json()["forgotten"] in {
        2,
        3,
    }
    assert client.post("/forget", json={"identity": "individual 5"}).json()["forgotten"] >= 3
    assert client.post("/forget", json={"identity": "individual 5"}).json() == {"forgotten": 0}


@pytest.mark.parametrize("asked", [{}, {"idents": "x"}, {"ids": ["../x"]}, {"before": "yesterday"}, [], "all", None])
def test_a_request_to_forget_without_a_condition_is_refused(client, gallery, asked):
    assert client.post("/forget", json=asked).status_code == 422
    assert client.post("/forget", content=b"{").status_code == 422
    assert len(gallery) == 24


def test_gallery_answers_its_contents_and_limits(client, gallery):
    told = client.get("/gallery").json()
    assert (told["name"], told["records"], told["identities"], told["cameras"]) == (
        "gates",
        24,
        6,
        ["gate 1", "gate 2"],
    )
    assert datetime.fromisoformat(told["earliest"]) == START
    assert datetime.fromisoformat(told["latest"]) == START + timedelta(hours=23)
    assert told["fields"] == {"lane": "number", "colour": "string"}
    assert (told["width"], told["model"]) == (gallery.embedder.width, gallery.model.fingerprint)
    assert (told["threshold"], told["search_threshold"]) == (0.8, 0.9)
    assert told["judged_by"] == "search threshold 0.9000 (calibrated with 24 records)"


def test_counters_count_requests_batches_and_records(client, stripes):
    for _ in range(3):
        client.post("/search", content=stripes)
    client.get("/nowhere/at/all")
    client.get("/records/" + "0" * 32 + "/thumbnail")
    text = client.get("/metrics").text
    for line in (
        'reseen_requests_total{method="POST",route="/search",status="200"} 3.0',
        'reseen_requests_total{method="GET",route="none",status="404"} 1.0',
        'reseen_requests_total{method="GET",route="/records/{id}/thumbnail",status="404"} 1.0',
        'reseen_request_seconds_count{route="/search"} 3.0',
        "reseen_batch_pictures_sum 3.0",
        "reseen_gallery_records 24.0",
    ):
        assert line in text


def test_a_log_line_says_what_was_asked_and_nothing_of_what_was_sent(client, stripes, caplog):
    with caplog.at_level("INFO", logger="reseen.serve"):
        client.post("/records?identity=secret-name", content=stripes)
    lines = [json.loads(record.message) for record in caplog.records if record.name == "reseen.serve"]
    assert [(line["method"], line["route"], line["status"], line["bytes"]) for line in lines] == [
        ("POST", "/records", 200, len(stripes))
    ]
    assert "secret-name" not in caplog.text


def test_an_internal_error_is_one_line_in_the_answer_and_a_traceback_in_the_log(client, gallery, monkeypatch, caplog):
    monkeypatch.setattr(gallery, "cameras", lambda: 1 / 0)
    answer = client.get("/cameras")
    assert (answer.status_code, answer.json()) == (500, {"detail": "the service failed; see its log"})
    assert "ZeroDivisionError" in json.loads(caplog.records[-1].message)["error"]


def test_the_service_has_an_openapi_description_and_a_strict_content_policy(client):
    described = client.get("/openapi.json").json()
    assert set(described["paths"]) >= {"/embed", "/search", "/records", "/forget", "/health", "/metrics", "/cameras"}
    assert described["paths"]["/search"]["post"]["requestBody"]["content"].keys() == {"image/*"}
    headers = client.get("/").headers
    assert "default-src 'none'; script-src 'self'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/docs").status_code == 404, "its usual page fetches scripts from elsewhere"


def test_concurrent_requests_each_get_their_own_answer(client, gallery, image, encoded):
    from concurrent.futures import ThreadPoolExecutor

    images = [encoded(image(number % 6, 20 + number)) for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda data: client.post("/embed", content=data).json()["vector"], images))
    np.testing.assert_allclose(found, gallery.embedder(images), atol=1e-5)


def test_a_gallery_without_an_embedder_is_not_served(gallery, tmp_path):
    from reseen.retrieval.gallery import Gallery
    from reseen.serve.app import create_app

    with pytest.raises(ValueError, match="open it with one"):
        create_app(Gallery(tmp_path / "gates"))
    assert isinstance(gallery.embedder, Embedder)


def test_a_search_reaches_the_service_without_a_thread_of_its_own(client, encoded, image, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("sent to a thread")

    monkeypatch.setattr("fastapi.dependencies.utils.run_in_threadpool", refuse)
    assert client.post("/search", content=encoded(image(0, 0))).status_code == 200
