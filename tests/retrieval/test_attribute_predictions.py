"""Attributes that a trained network predicts: from its weights file, as an answer, and as fields of a gallery."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from reseen.data.opening import open_image
from reseen.deploy.export import export_network
from reseen.deploy.network import load_weights_file
from reseen.engine.checkpoint import load_card, save_weights
from reseen.engine.interrupt import Stopped
from reseen.errors import ReseenError
from reseen.models import read_weights
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.predicted import Prediction
from reseen.retrieval.record import Record
from reseen.tasks.reid.train import train
from shared import made_once
from stopping import Recorder, assert_same_end

COLOURS = {"blue": (40, 40, 220), "green": (40, 200, 40), "red": (220, 40, 40)}


def paint(colour: str, shot: int) -> Image.Image:
    noise = np.random.default_rng(shot).normal(0, 20, size=(32, 32, 3))
    return Image.fromarray((np.asarray(COLOURS[colour]) + noise).clip(0, 255).astype(np.uint8))


def write_cars(root: Path) -> Path:
    """A table of 9 training and 3 test identities of three colours, one of each colour without its type."""
    root.mkdir(parents=True)
    rows = ["path,identity,camera,split,colour,kind"]
    for identity in range(12):
        colour = sorted(COLOURS)[identity % 3]
        kind = "" if identity < 3 else f"kind {identity % 2}"
        for shot in range(4):
            split = "train" if identity < 9 else "query" if shot == 0 else "gallery"
            paint(colour, 10 * identity + shot).save(root / f"{identity}-{shot}.png")
            rows.append(f"{identity}-{shot}.png,v{identity},c{shot % 2},{split},{colour},{kind}")
    (root / "cars.csv").write_text("\n".join(rows) + "\n")
    return root / "cars.csv"


RECIPE = """
seed = 3
data = { image_size = [32, 32], workers = 0 }
model = { backbone = "test_resnet.r160_in1k" }
sampler = { identities = 3, images = 2 }
optimizer = { name = "adam", learning_rate = 1e-2 }
schedule = { name = "cosine" }
training = { epochs = 6 }
evaluation = { every = 0 }
hardware = { accelerator = "cpu" }

[losses]
cross_entropy = {}
attributes = { weight = 1.0 }
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(root: Path) -> None:
        (root / "tiny.toml").write_text(RECIPE)
        train(root / "tiny.toml", data=write_cars(root / "data"), out=root / "run")

    return made_once(tmp_path_factory, "attributes", make)


@pytest.fixture(scope="module")
def embedder(run: Path) -> Embedder:
    return Embedder.from_pretrained(run / "run")


def held_out(run: Path) -> list[Path]:
    return [run / "data" / f"{identity}-{shot}.png" for identity in (9, 10, 11) for shot in range(4)]


def test_the_card_names_each_attribute_with_its_classes_and_the_file_holds_their_classifiers(run):
    card = load_card(run / "run" / "best.safetensors")
    assert card.attributes == {"colour": ["blue", "green", "red"], "kind": ["kind 0", "kind 1"]}
    tensors = read_weights(run / "run" / "best.safetensors").tensors
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items() if name.startswith("attributes.")}
    width = Embedder.from_pretrained(run / "run").width
    assert shapes == {
        "attributes.classifiers.0.weight": (3, width),
        "attributes.classifiers.0.bias": (3,),
        "attributes.classifiers.1.weight": (2, width),
        "attributes.classifiers.1.bias": (2,),
    }


def test_colours_of_vehicles_that_were_not_trained_on_are_predicted(run, embedder):
    assert embedder.attributes == {"colour": ("blue", "green", "red"), "kind": ("kind 0", "kind 1")}
    answers = embedder.predict_attributes(held_out(run))
    expected = [colour for colour in sorted(COLOURS) for _ in range(4)]
    assert [answer["colour"].value for answer in answers] == expected
    assert all(1 / 3 < answer["colour"].probability <= 1 for answer in answers)


def test_a_prediction_is_the_softmax_of_the_saved_classifier_on_the_pooled_feature(run, embedder):
    path = held_out(run)[0]
    network = load_weights_file(run / "run" / "best.safetensors").network.network
    image = torch.from_numpy(np.asarray(open_image(path)).copy())[None]
    with torch.inference_mode():
        pooled = network.model(network.normalised(image)).pooled[0]
    tensors = read_weights(run / "run" / "best.safetensors").tensors
    logits = pooled @ tensors["attributes.classifiers.1.weight"].T + tensors["attributes.classifiers.1.bias"]
    odds = logits.exp()[0] / logits.exp().sum()
    (answer,) = embedder.predict_attributes(path)
    best = int(odds.argmax())
    assert answer["kind"].value == f"kind {best}"
    assert answer["kind"].probability == pytest.approx(float(odds[best]), rel=1e-5)


def test_attributes_leave_vectors_and_fingerprint_as_they_are(run, embedder, tmp_path):
    weights = run / "run" / "best.safetensors"
    tensors = {name: one for name, one in read_weights(weights).tensors.items() if not name.startswith("attributes.")}
    save_weights(tmp_path / "plain.safetensors", tensors, load_card(weights)._replace(attributes={}))
    plain = Embedder.from_pretrained(tmp_path / "plain.safetensors")
    assert plain.fingerprint == embedder.fingerprint
    np.testing.assert_array_equal(plain(held_out(run)), embedder(held_out(run)))
    assert plain.attributes == {}
    with safe_open(tmp_path / "plain.safetensors", framework="pt") as file:
        assert "attributes" not in json.loads(file.metadata()["reseen"]), "as cards were before there were attributes"


def test_vectors_and_attributes_of_one_pass_are_those_of_two(run, embedder):
    prepared = [embedder.prepare(path) for path in held_out(run)]
    described = embedder.describe_prepared(prepared)
    np.testing.assert_array_equal(described.vectors, embedder.embed_prepared(prepared))
    assert described.attributes == embedder.predict_attributes(held_out(run))


def test_a_run_that_is_stopped_and_resumed_saves_the_same_classifiers(run, tmp_path):
    shutil.copytree(run / "data", tmp_path / "data")
    (tmp_path / "tiny.toml").write_text(RECIPE)
    arguments = {"data": tmp_path / "data" / "cars.csv", "out": tmp_path / "run"}
    with pytest.raises(Stopped):
        train(tmp_path / "tiny.toml", **arguments, progress=Recorder(at_step=4))
    train(tmp_path / "tiny.toml", **arguments, resume=True)
    assert_same_end(tmp_path / "run", run / "run")
    one, other = (read_weights(path / "run" / "best.safetensors").tensors for path in (tmp_path, run))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_that_hands_over_its_untrained_network_predicts_attributes_all_the_same(run, tmp_path, monkeypatch):
    monkeypatch.setattr("reseen.tasks.reid.choose.choice._chosen", lambda outcomes, *_: outcomes[0])
    (tmp_path / "tiny.toml").write_text(RECIPE)
    lines, data = ["validation.identities=0.34", "validation.choose=true"], run / "data" / "cars.csv"
    recorder = Recorder()
    train(tmp_path / "tiny.toml", data=data, out=tmp_path / "run", overrides=lines, progress=recorder)
    assert "colour, kind: classifiers fitted anew on the weights that are handed over" in recorder.lines
    answers = Embedder.from_pretrained(tmp_path / "run").predict_attributes(held_out(run))
    assert [answer["colour"].value for answer in answers] == [name for name in sorted(COLOURS) for _ in range(4)]


def test_an_export_and_a_network_without_attributes_say_so_in_one_line(run, weights_file, tmp_path):
    plain = Embedder.from_pretrained(weights_file)
    with pytest.raises(
        ReseenError, match=r"best\.safetensors predicts none; train a network with the loss `attributes`"
    ):
        plain.predict_attributes(held_out(run))
    export_network(run / "run", [tmp_path / "cars.pt2"], images=held_out(run)[:2])
    exported = Embedder.from_pretrained(tmp_path / "cars.pt2")
    assert exported.attributes == {}
    with pytest.raises(ReseenError, match=r"cars\.pt2 is an export, which gives vectors alone; name the run") as raised:
        exported.predict_attributes(held_out(run))
    assert "\n" not in str(raised.value)


def test_a_gallery_stores_predictions_where_no_value_is_given_and_searches_filter_on_them(run, embedder, tmp_path):
    gallery = Gallery(tmp_path / "cars", embedder=embedder, create=True)
    given, *rest = held_out(run)
    added = gallery.add([Record(picture=given, fields={"colour": "teal"}), *rest], attributes=True)
    assert dict(added.predicted) == {"colour": 11, "kind": 12}
    assert gallery.fields() == {
        "colour": "string",
        "colour_probability": "number",
        "kind": "string",
        "kind_probability": "number",
    }
    (teal,) = gallery.search(given, where={"colour": "teal"})[0]
    assert "colour_probability" not in teal.fields, "so a value that was given is told from one that was predicted"
    reds = gallery.search(given, where={"colour": "red"})[0]
    assert {Path(match.picture).name for match in reds} == {f"11-{shot}.png" for shot in range(4)}
    first = embedder.predict_attributes(rest[0])[0]["colour"]
    (kept,) = [match for match in gallery.search(rest[0], k=12)[0] if match.picture == str(rest[0])]
    assert (kept.fields["colour"], kept.fields["colour_probability"]) == (first.value, round(first.probability, 4))


def test_without_being_asked_a_gallery_stores_no_predictions(run, embedder, tmp_path):
    gallery = Gallery(tmp_path / "cars", embedder=embedder, create=True)
    assert gallery.add(held_out(run)).predicted == {}
    assert gallery.fields() == {}


def test_attributes_of_records_with_vectors_and_of_a_gallery_without_embedder_are_refused(run, embedder, tmp_path):
    gallery = Gallery(tmp_path / "cars", embedder=embedder, create=True)
    record = Record(vector=np.ones(embedder.width), reference="a.png")
    with pytest.raises(ReseenError, match=r"attributes: a\.png comes with its vector"):
        gallery.add([record], attributes=True)
    assert len(gallery) == 0
    with pytest.raises(ReseenError, match="without an embedder"):
        Gallery(tmp_path / "cars", model=gallery.model).add([record], attributes=True)


def test_a_prediction_shows_its_value_and_its_probability():
    assert Prediction("red", 0.75)._asdict() == {"value": "red", "probability": 0.75}


def test_the_command_adds_predictions_says_which_and_searches_by_them(run, reseen, tmp_path):
    shutil.copytree(run / "data", tmp_path / "data")
    table = tmp_path / "seen.csv"
    rows = [f"data/{path.name},{'teal' if number == 0 else ''}" for number, path in enumerate(held_out(run))]
    table.write_text("\n".join(["path,colour", *rows]) + "\n")
    cars = tmp_path / "cars"
    code, out, _ = reseen("gallery", "add", cars, table, "--model", run / "run", "--attributes")
    assert (code, out.splitlines()) == (
        0,
        [
            f"{cars}: 12 records added; it holds 12",
            "predicted: colour of 11, kind of 12; a field with a given value was left alone",
        ],
    )
    found = tmp_path / "found.json"
    query = tmp_path / "data" / "11-0.png"
    filters = ("--where", "colour=red", "--where", "colour_probability=0.34..1")
    words = ("--model", run / "run", *filters, "--json", found, "--sheet", tmp_path / "sheet.png")
    code, *_ = reseen("search", query, "--gallery", cars, *words)
    assert code == 0
    assert len(json.loads(found.read_text())[0]["matches"]) == 4


def test_the_command_refuses_attributes_before_a_gallery_is_made(run, weights_file, reseen, tmp_path):
    for model, said in ((weights_file, "predicts none"), (run / "run", "vectors")):
        source = run / "data"
        if said == "vectors":
            source = tmp_path / "vectors"
            assert reseen("embed", run / "data", "--out", source, "--model", run / "run")[0] == 0
        code, _, err = reseen("gallery", "add", tmp_path / "cars", source, "--model", model, "--attributes")
        assert code == 2
        assert said in err
        assert not (tmp_path / "cars").exists()
