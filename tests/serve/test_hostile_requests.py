"""Requests that mean harm, by the hundred: each gets an answer, none gets at a file, nothing stays open."""

import gc
import json
import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

RECORD = "0" * 32


def bomb(side: int) -> bytes:
    """A PNG of side x side pixels whose data would be that long, in a few hundred bytes."""
    rows = zlib.compress(bytes(1_000_000), 9)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def bodies(encoded) -> dict[str, bytes]:
    """No images, or none that are taken."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    whole = encoded(noise, "JPEG")
    return {
        "nothing": b"",
        "zeros": bytes(10_000),
        "text": b"../../etc/passwd",
        "html": b"<svg onload=alert(1)><script>alert(1)</script></svg>",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) (r) file\n",
        "pdf": b"%PDF-1.4\n1 0 obj\n<</Type /Catalog>>\nendobj",
        "truncated": whole[: len(whole) // 2],
        "head only": whole[:20],
        "bomb": bomb(60_000),
        "fifty megapixels": bomb(7_100),
        "multipart": b'--x\r\nContent-Disposition: form-data; name="f"; filename="../x"\r\n\r\nx\r\n--x--',
        "pickle": b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
    }


@pytest.mark.parametrize("path", ["/search", "/embed", "/records", f"/records/{RECORD}/explanation"])
def test_bytes_that_are_no_image_are_refused_in_one_line(client, gallery, encoded, path):
    for kind, body in bodies(encoded).items():
        answer = client.post(path, content=body, headers={"Content-Type": "image/jpeg"})
        assert answer.status_code in {400, 404}, kind
        detail = answer.json()["detail"]
        assert "\n" not in detail, kind
        assert "/" not in detail.replace("the image", ""), f"{kind}: a path of ours: {detail}"
    assert len(gallery) == 24


IMAGES = ["L", "LA", "P", "RGBA", "CMYK", "YCbCr", "I;16", "1", "animated", "turned"]


@pytest.mark.parametrize("kind", IMAGES)
def test_every_format_of_images_is_accepted(client, encoded, kind):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8))
    if kind == "animated":
        body = encoded(noise, "GIF", save_all=True, append_images=[noise.rotate(90)] * 3)
    elif kind == "turned":
        exif = Image.Exif()
        exif[0x0112] = 8
        body = encoded(noise, "JPEG", exif=exif)
    elif kind == "I;16":
        body = encoded(Image.fromarray(np.asarray(noise)[..., 0].astype(np.uint16) * 256))
    else:
        body = encoded(noise.convert(kind), "TIFF" if kind in {"CMYK", "YCbCr"} else "PNG")
    assert client.post("/search?k=1", content=body).status_code == 200


WORDS = [
    "",
    " ",
    "0",
    "-1",
    "1000000",
    "1e9",
    "NaN",
    "inf",
    "null",
    "true",
    "[]",
    "{}",
    '{"a": {"b": 1}}',
    '{"colour": {"low": "x"}}',
    '{"vector": 1}',
    '{"identity\' OR 1=1 --": "x"}',
    "{\"colour\": \"' OR '1'='1\"}",
    "' OR '1'='1",
    "'; DROP TABLE records; --",
    "../../../etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "%00",
    "\x00",
    "\ud7ff\uffff",
    "0,0,0,0",
    "5,5,1,1",
    "0,0,999999,999999",
    "900,900,999,999",
    "1,2,3",
    "0,0,1e1,5",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "99999999999999999",
    "2026-13-41",
    "gate 1",
    "A" * 5000,
    "{" * 500,
    "[" * 500,
]
NAMES = ["k", "camera", "after", "before", "where", "threshold", "box", "identity", "time", "reference", "fields", "x"]


@pytest.mark.parametrize("name", NAMES)
def test_any_query_parameters_beside_an_image_are_answered(client, gallery, image, encoded, name):
    body = encoded(image(1, 5))
    for word in WORDS:
        for path in ("/search", f"/records/{RECORD}/similar", "/records"):
            method = "GET" if path.endswith("similar") else "POST"
            answer = client.request(method, path, params={name: word}, content=body if method == "POST" else None)
            assert answer.status_code in {200, 400, 404, 409, 422}, (name, word, path, answer.text)
            assert answer.status_code != 200 or path != f"/records/{RECORD}/similar"
            if answer.status_code != 200:
                assert len(answer.json()["detail"]) < 1000
    assert 24 <= len(gallery) <= 26, "the same image, in at most a few boxes"


@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/../../../../etc/passwd",
        "/static/%00",
        "/static/",
        "/static/index.html%00.js",
        "//etc/passwd",
        "/records/..%2f..%2fetc%2fpasswd/thumbnail",
        "/records/%2e%2e/thumbnail",
        f"/records/{RECORD.upper()}X/thumbnail",
        "/records/' OR 1=1/thumbnail",
        "/" + "a" * 5000,
    ],
)
def test_no_path_of_a_request_leads_to_a_file(client, path):
    answer = client.get(path)
    assert answer.status_code in {404, 422}
    assert "root:" not in answer.text
    assert "import" not in answer.text


def test_a_reference_is_a_word_and_never_opened(client, tmp_path, image, encoded):
    (tmp_path / "secret.png").write_bytes(encoded(image(5, 77)))
    said = {"reference": str(tmp_path / "secret.png"), "identity": "mine"}
    id = client.post("/records", params=said, content=encoded(image(0, 88))).json()["id"]  # noqa: A001
    (tmp_path / "secret.png").unlink()
    assert client.get(f"/records/{id}/thumbnail").status_code == 200
    assert client.get(f"/records/{id}/similar").status_code == 200


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about damaged TIFF files
def test_damaged_images_by_the_hundred_leave_nothing_behind(client, encoded):
    generator = np.random.default_rng(0)
    noise = Image.fromarray(generator.integers(0, 256, (48, 48, 3), np.uint8))
    wholes = [np.frombuffer(encoded(noise, kind), np.uint8) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")]
    process = psutil.Process()
    taken: dict[int, int] = {}
    for round_ in range(60):
        for whole in wholes:
            damaged = whole.copy()
            damaged[generator.integers(len(whole), size=6)] = generator.integers(0, 256, 6)
            answer = client.post("/search?k=1", content=damaged[: generator.integers(1, len(whole) + 1)].tobytes())
            taken[answer.status_code] = taken.get(answer.status_code, 0) + 1
        if round_ == 10:
            gc.collect()
            files, threads = process.num_fds(), process.num_threads()
    assert taken.keys() <= {200, 400}
    assert taken[400] > 200
    gc.collect()
    assert process.num_fds() <= files + 2
    assert process.num_threads() <= threads + 4


def test_unexpected_bodies_are_refused(client, gallery):
    for body in (
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"ids": 1}',
        b'{"ids": ["' + b"0" * 32 + b'"], "x": 1}',
        b"\xff\xfe",
        b"[" * 9999,
    ):
        assert client.post("/forget", content=body, headers={"Content-Type": "application/json"}).status_code in {
            400,
            422,
        }
    assert (
        client.post(
            "/forget", content=json.dumps({"identity": "individual 1"}), headers={"Content-Type": "text/plain"}
        ).status_code
        == 422
    )
    assert len(gallery) == 24


def test_the_service_writes_nothing_but_the_gallery(client, gallery, image, encoded, tmp_path, monkeypatch):
    opened: list[str] = []
    large = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (900, 900, 3), np.uint8)))
    assert len(large) > 2_000_000, "more than what form parsers keep in memory"
    before = set(Path(tempfile.gettempdir()).iterdir())
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest, **more: opened.append(str(path)) or real(path, *rest, **more))
    assert client.post("/records", content=large).status_code == 200
    assert client.post("/search", content=large).status_code == 200
    after = set(Path(tempfile.gettempdir()).iterdir())
    assert [name for name in opened if not name.startswith(str(tmp_path))] == []
    assert not {entry for entry in after - before if entry.name.startswith("tmp")}
