"""`reseen embed`, `reseen export` and `reseen push` from outside."""

import shutil
from types import SimpleNamespace

import huggingface_hub
import polars
import pytest

from reseen.retrieval.embedder import Embedder


@pytest.fixture
def photos(tmp_path, image):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(5):
        image(number, 0).save(folder / f"{number}.png")
    (folder / "bad.png").write_bytes(b"no image")
    return folder


@pytest.mark.parametrize("command", ["embed", "export", "push"])
def test_help_teaches_by_example(reseen, command):
    code, out, _ = reseen(command, "--help")
    assert code == 0
    assert f"reseen {command}" in out.split("Example")[1]


def test_embed_tells_what_it_did_and_what_failed(reseen, photos, weights_file, tmp_path):
    words = ("embed", photos, "--model", weights_file, "--out", tmp_path / "out")
    code, out, _ = reseen(*words)
    assert code == 0
    assert "5 embeddings of" in out
    assert "1 images failed" in out
    assert len(polars.read_parquet(tmp_path / "out" / "part-*.parquet")) == 5
    _, again, _ = reseen(*words)
    assert "0 embeddings" in again
    assert "5 were there before" in again


def test_embed_says_that_the_baseline_is_one(reseen, photos, tmp_path):
    code, _, err = reseen("embed", photos, "--out", tmp_path / "out")
    assert code == 0
    assert "a plain baseline" in " ".join(err.split())


def test_export_shows_the_difference(reseen, photos, weights_file, tmp_path):
    (photos / "bad.png").unlink()
    out = tmp_path / "net.pt2"
    code, printed, err = reseen("export", weights_file, "--torch-export", out, "--pictures", photos)
    assert (code, err) == (0, "")
    assert "largest difference" in printed
    assert Embedder.from_pretrained(out).fingerprint == Embedder.from_pretrained(weights_file).fingerprint


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("export", "WEIGHTS"), "expected at least one of --onnx, --openvino, --torch-export"),
        (("export", "WEIGHTS", "--onnx", "a.xml"), "a.xml: expected a name that ends in .onnx"),
        (("export", "WEIGHTS", "--onnx", "a.onnx"), "not a run, so it has no images to compare on"),
        (("embed", "gone", "--model", "WEIGHTS", "--out", "out"), "gone: no such file or folder"),
        (("embed", "gone", "--out", "out", "--address", "ray://head"), "--address names a Ray cluster; add --ray"),
        (("gallery", "add", "g", "gone", "--processes", "2"), "--processes limits Ray's processes; add --ray"),
        (("push", "gone", "owner/name"), "gone: no such run"),
    ],
)
def test_errors_are_one_line(reseen, weights_file, words, reason):
    code, out, err = reseen(*(weights_file if word == "WEIGHTS" else word for word in words))
    assert (code, out) == (2, "")
    assert reason in err
    assert len(err.splitlines()) == 1


def test_push_says_where_it_went(reseen, weights_file, tmp_path, monkeypatch):
    shutil.copy(weights_file, tmp_path / "best.safetensors")
    shutil.copy(weights_file.parent / "tiny.toml", tmp_path / "recipe.toml")
    told = {}
    done = SimpleNamespace(commit_url="https://hub/owner/name/commit/1", oid="1" * 40)
    api = SimpleNamespace(
        create_repo=lambda name, **options: told.update(options), upload_folder=lambda **options: done
    )
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: api)
    code, out, _ = reseen("push", tmp_path, "owner/name", "--public")
    assert code == 0
    assert f"owner/name@{'1' * 40}" in out
    assert told == {"private": False, "exist_ok": True}
