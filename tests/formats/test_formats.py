"""Files of every format that was ever written open for good; those of a newer one are refused in one line.

``kept/`` was made by the code of the last commit before formats were said, which is format 1: the tiny recipe of
conftest trained for an epoch, evaluated and calibrated on drawn images; then every tensor of best.safetensors and
last.ckpt replaced by 64 numbers of seeded noise, repeated, so that xz packs them small. With that network a gallery of
two records with vectors of noise, an embedding job of two drawn images, which are called /pictures/0.png and 1.png,
the facts of an export and the config.json of a Hub repository. facts_with_odds.json is of the first code that knew how
probable the best match of a search is, which is format 1 too. Never make these files again: add those of a new format.
"""

import json
import lzma
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import lancedb
import numpy as np
import polars
import pyarrow as pa
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import reseen
from reseen import formats
from reseen.data.datasets import read_data
from reseen.data.fingerprint import fingerprint
from reseen.deploy.facts import Facts
from reseen.deploy.facts import fingerprint as network_fingerprint
from reseen.deploy.hub import load_hub_folder
from reseen.deploy.network import load_weights_file
from reseen.deploy.search_threshold import SearchThreshold
from reseen.engine.checkpoint import load_card, load_checkpoint, save_checkpoint, save_weights
from reseen.engine.run import create_run, open_run
from reseen.errors import ReseenError
from reseen.linking.record import SCHEMA
from reseen.match_odds import MatchOdds
from reseen.metrics import Embedded
from reseen.metrics.embedded import saved_metadata
from reseen.models import read_weights
from reseen.recipe.training import recipe_text
from reseen.report.linking.saved import open_linking
from reseen.retrieval.discover.files import read_stored
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.job import embed_images
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel, schema_of
from reseen.retrieval.sources import read_source
from reseen.tasks.reid.compare import compare_runs
from reseen.tasks.reid.recipe import read_recipe, recipe_of
from reseen.tasks.reid.saved_embeddings import (
    embedding_files,
    load_embeddings,
    save_embeddings,
    stale_embeddings,
    weights_fingerprint,
)
from reseen.tasks.reid.train import train

KEPT = Path(__file__).parent / "kept"
NETWORK = "3b1e640000359d58"
"""The fingerprint that the kept network had when it was made; galleries know it by that."""
NEWER = r"written by a newer reseen \(format 999; this one reads up to [12]\): upgrade reseen$"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A copy of what is kept, the packed files unpacked."""
    folder = tmp_path / "kept"
    shutil.copytree(KEPT, folder)
    for packed in folder.rglob("*.xz"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
        packed.unlink()
    shutil.copy(folder / "run" / "best.safetensors", folder / "hub" / "model.safetensors")
    shutil.copy(folder / "run" / "calibration.json", folder / "hub")
    return folder


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def edit_card(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    with safe_open(path, framework="pt") as file:
        card = json.loads(file.metadata()["reseen"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    edit(card)
    save_file(tensors, path, metadata={"reseen": json.dumps(card)})


def with_migrations(monkeypatch: pytest.MonkeyPatch, kind: str, *migrations: formats.Migration) -> None:
    monkeypatch.setattr(formats, "MIGRATIONS", MappingProxyType({**formats.MIGRATIONS, kind: migrations}))


def renamed(old: str, new: str) -> formats.Migration:
    return lambda values: {new if key == old else key: value for key, value in values.items()}


def test_kept_weights_are_the_network_that_they_were(kept: Path) -> None:
    card = load_card(kept / "run" / "best.safetensors")
    assert (card.num_identities, card.recipe["model"]["backbone"]) == (6, "test_resnet.r160_in1k")
    assert load_weights_file(kept / "run" / "best.safetensors").facts.fingerprint == NETWORK


def test_a_kept_run_opens_with_all_that_was_written_about_it(kept: Path) -> None:
    run = open_run(kept / "run")
    assert recipe_of(run).training.epochs == 2
    assert [row["epoch"] for row in run.metrics()] == [1]
    assert run.scores()["trained"]["evaluated"] == 3
    assert run.data()["path"] == "/data/market"
    assert compare_runs(run, run).queries == 3


def test_kept_embeddings_are_those_of_the_kept_weights(kept: Path) -> None:
    run = open_run(kept / "run")
    assert stale_embeddings(run) == ""
    query, gallery = load_embeddings(run)
    assert (len(query), len(gallery), query.width) == (3, 9, 96)
    assert sorted(set(gallery.identities)) == ["0007", "0008", "0009"]


def test_a_kept_checkpoint_is_resumed(kept: Path, market: Callable[..., Path]) -> None:
    data = market()
    edit_json(kept / "run" / "data.json", fingerprint=fingerprint(read_data(data)))  # images are drawn again
    done = train(kept / "run" / "recipe.toml", data=data, out=kept / "run", resume=True)
    assert (done.epochs, [row["epoch"] for row in done.run.metrics()]) == (2, [1, 2])


def test_a_kept_gallery_takes_the_network_that_made_it(kept: Path) -> None:
    embedder = Embedder.from_pretrained(kept / "run")
    gallery = Gallery(kept / "gallery", embedder=embedder)
    assert gallery.model.fingerprint == embedder.fingerprint == NETWORK
    assert (gallery.model.threshold, gallery.model.search) == (embedder.threshold, embedder.facts.search)
    vectors = np.random.default_rng(15).normal(size=(2, 96)).astype(np.float32)
    assert [found[0].identity for found in gallery.search(vectors, k=1)] == ["a", "b"]
    assert gallery.add(Record(vector=-vectors[0], reference="c.png", identity="c")).added == 1


def test_a_kept_embedding_job_goes_on_and_enters_a_gallery(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("path,camera\n/pictures/0.png,c0\n/pictures/1.png,c1\n")
    done = embed_images(tmp_path / "table.csv", kept / "job", embedder=Embedder.from_pretrained(kept / "run"))
    assert (done.embedded, done.before, done.failures) == (0, 2, [])
    source = read_source(kept / "job")
    assert source.model == GalleryModel(NETWORK, 96)
    assert [record.camera for record in source.records] == ["c0", "c1"]


def test_kept_facts_and_a_kept_repository_are_those_of_the_network(kept: Path) -> None:
    facts = load_weights_file(kept / "run" / "best.safetensors").facts
    assert facts == Facts.from_json((kept / "facts.json").read_text())
    assert facts == load_hub_folder(kept / "hub").facts


def test_kept_odds_of_a_best_match_are_read_from_facts_and_from_a_gallery(kept: Path, tmp_path: Path) -> None:
    facts = Facts.from_json((kept / "facts_with_odds.json").read_text())
    odds = MatchOdds(middle=0.6, slope=20.0, most=0.9, records=100)
    assert facts.search == SearchThreshold(0.75, records=100, doubling=0.02, odds=odds)
    said = json.loads((kept / "facts_with_odds.json").read_text())["search"]
    metadata = {"reseen.format": "1", "reseen.model": NETWORK, "reseen.search_threshold": json.dumps(said)}
    schema = schema_of(GalleryModel(NETWORK, 96)).with_metadata(metadata)
    lancedb.connect(str(tmp_path / "odds")).create_table("records", schema=schema)
    assert Gallery(tmp_path / "odds").model.search == facts.search


def test_a_kept_recipe_names_the_size_of_its_start_weights_in_its_own_way(kept: Path) -> None:
    recipe = read_recipe(kept / "resized.toml")
    assert recipe.model.pretrained_size == (64, 32)
    assert "pretrained_size = [\n    64,\n    32,\n]" in recipe_text(recipe)
    by_override = read_recipe(kept / "run" / "recipe.toml", overrides=["model.carried_from=[96, 64]"])
    assert by_override.model.pretrained_size == (96, 64)


def test_the_size_of_start_weights_is_no_part_of_a_fingerprint_under_either_name() -> None:
    model = {"backbone": "resnet18", "last_stride": None}
    expected = network_fingerprint({}, model=model, preprocessing=[])
    for name in ("carried_from", "pretrained_size"):
        assert network_fingerprint({}, model={**model, name: [64, 32]}, preprocessing=[]) == expected


def test_what_is_written_says_its_format(kept: Path, tmp_path: Path) -> None:
    facts = load_weights_file(kept / "run" / "best.safetensors").facts
    run = create_run(tmp_path / "run", read_recipe(kept / "run" / "recipe.toml"))
    weights = kept / "run" / "best.safetensors"
    save_weights(run.best_weights, read_weights(weights).tensors, load_card(weights))
    save_embeddings(run, load_embeddings(open_run(kept / "run")), weights=weights_fingerprint(run))
    save_checkpoint(run.last_checkpoint, {"place": (0, 0)})
    Gallery(tmp_path / "gallery", model=GalleryModel(NETWORK, 96), create=True)
    table = lancedb.connect(str(tmp_path / "gallery")).open_table("records")
    (tmp_path / "table.csv").write_text("path\n/nowhere/0.png\n")
    embed_images(tmp_path / "table.csv", tmp_path / "job", embedder=Embedder.from_pretrained(kept / "run"))
    with safe_open(run.best_weights, framework="pt") as file:
        card = json.loads(file.metadata()["reseen"])
    assert run.recipe_file.read_text().startswith("format = 2\n")
    assert (card["format"], card["recipe"]["format"]) == (1, 2)
    assert {saved_metadata(file)["reseen.format"] for file in embedding_files(run)} == {"1"}
    assert torch.load(run.last_checkpoint, weights_only=True)["format"] == 2
    assert json.loads(facts.as_json())["format"] == 1
    assert json.loads((tmp_path / "job" / "job.json").read_text())["format"] == 1
    assert table.schema.metadata[b"reseen.format"] == b"1"


def test_a_format_changes_no_fingerprint_of_a_network(kept: Path, tmp_path: Path) -> None:
    weights, again = kept / "run" / "best.safetensors", tmp_path / "best.safetensors"
    save_weights(again, read_weights(weights).tensors, load_card(weights))
    assert again.read_bytes() != weights.read_bytes(), "it says its format now"
    assert load_weights_file(again).facts.fingerprint == NETWORK


def newer_weights(kept: Path) -> None:
    edit_card(kept / "run" / "best.safetensors", lambda card: card.update(format=999, colour="red"))
    load_card(kept / "run" / "best.safetensors")


def newer_recipe_in_a_card(kept: Path) -> None:
    edit_card(kept / "run" / "best.safetensors", lambda card: card["recipe"].update(format=999, colour="red"))
    load_card(kept / "run" / "best.safetensors")


def newer_checkpoint(kept: Path) -> None:
    state = torch.load(kept / "run" / "last.ckpt", weights_only=True)
    torch.save({"format": 999, "elsewhere": state["place"]}, kept / "run" / "last.ckpt")
    load_checkpoint(kept / "run" / "last.ckpt")


def newer_run(kept: Path) -> None:
    file = kept / "run" / "recipe.toml"
    file.write_text(f'format = 999\ncolour = "red"\n{file.read_text()}')
    open_run(kept / "run")


def newer_recipe(kept: Path) -> None:
    (kept / "new.toml").write_text('format = 999\ncolour = "red"\n')
    read_recipe(kept / "new.toml")


def newer_embeddings(kept: Path) -> None:
    file = kept / "run" / "embeddings" / "query.parquet"
    frame = polars.read_parquet(file).rename({"vector": "embedding"})
    frame.write_parquet(file, metadata={"reseen.format": "999"})
    Embedded.load(file)


def newer_job_to_go_on(kept: Path) -> None:
    edit_json(kept / "job" / "job.json", format=999, fingerprint="another")
    (kept / "table.csv").write_text("path,camera\n/pictures/0.png,c0\n")
    embed_images(kept / "table.csv", kept / "job", embedder=Embedder.from_pretrained(kept / "run"))


def newer_job_for_a_gallery(kept: Path) -> None:
    edit_json(kept / "job" / "job.json", format=999, told="elsewhere")
    read_source(kept / "job")


def newer_facts(kept: Path) -> None:
    edit_json(kept / "facts.json", format=999, colour="red")
    Facts.from_json((kept / "facts.json").read_text())


def newer_repository(kept: Path) -> None:
    edit_json(kept / "hub" / "config.json", format=999, fingerprint="another")
    load_hub_folder(kept / "hub")


def newer_linking(kept: Path) -> None:
    polars.DataFrame(schema=SCHEMA).write_parquet(kept / "tracks.parquet")
    (kept / "linking.json").write_text(json.dumps({"format": 999, "pictures": "elsewhere"}))
    open_linking(kept)


def newer_discovery(kept: Path) -> None:
    (kept / "proposals.json").write_text(json.dumps({"format": 999, "found": []}))
    read_stored(kept, name="gallery")


def newer_gallery(kept: Path) -> None:
    schema = pa.schema([pa.field("key", pa.string())], metadata={"reseen.format": "999"})
    lancedb.connect(str(kept / "new")).create_table("records", schema=schema)
    Gallery(kept / "new")


NEWER_FILES = (
    newer_weights,
    newer_recipe_in_a_card,
    newer_checkpoint,
    newer_run,
    newer_recipe,
    newer_embeddings,
    newer_job_to_go_on,
    newer_job_for_a_gallery,
    newer_facts,
    newer_repository,
    newer_linking,
    newer_discovery,
    newer_gallery,
)


@pytest.mark.parametrize("open_newer", NEWER_FILES)
def test_a_newer_format_is_told_in_one_line_before_what_else_is_new(
    open_newer: Callable[[Path], None], kept: Path
) -> None:
    with pytest.raises(ReseenError, match=NEWER) as raised:
        open_newer(kept)
    assert "\n" not in str(raised.value)


def test_a_table_of_others_is_no_gallery_whatever_it_says_of_itself(tmp_path: Path) -> None:
    schema = pa.schema([pa.field("key", pa.string())], metadata={"format": "999", "made": "by others"})
    lancedb.connect(str(tmp_path)).create_table("records", schema=schema)
    with pytest.raises(ReseenError, match="was not made by a gallery of reseen"):
        Gallery(tmp_path)


@pytest.mark.parametrize("said", [0, -1, 1.5, "new", None, True, [1], "9" * 5000])
def test_a_format_that_is_no_number_is_damaged(said: object) -> None:
    with pytest.raises(ReseenError, match=r"^job.json: format: expected a whole number from 1, got "):
        formats.migrated("job", {"format": said}, name="job.json")


def test_an_older_format_goes_through_the_migrations_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with_migrations(monkeypatch, "job", renamed("one", "two"), renamed("two", "three"))
    assert formats.with_format("job", {"three": 5}) == {"format": 3, "three": 5}
    for older in ({"one": 5}, {"format": 1, "one": 5}, {"format": 2, "two": 5}, {"format": 3, "three": 5}):
        before = dict(older)
        assert formats.migrated("job", older, name="job.json") == {"three": 5}
        assert older == before, "what was read is left as it was"
    with pytest.raises(ReseenError, match=r"format 4; this one reads up to 3"):
        formats.migrated("job", {"format": 4}, name="job.json")


def test_a_setting_may_be_renamed_without_losing_older_runs_and_weights(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if today's seed had been called start before: what says start is of format 1, and reads as today's."""
    with_migrations(monkeypatch, "recipe", renamed("start", "seed"))
    recipe = kept / "run" / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("seed = 3", "start = 3"))
    edit_card(kept / "run" / "best.safetensors", lambda card: card["recipe"].update(start=card["recipe"].pop("seed")))
    assert recipe_of(open_run(kept / "run")).seed == 3
    assert load_card(kept / "run" / "best.safetensors").recipe["seed"] == 3
    assert load_weights_file(kept / "run" / "best.safetensors").facts.fingerprint == NETWORK


def test_a_column_may_be_renamed_without_losing_older_embeddings(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_migrations(monkeypatch, "embeddings", renamed("who", "identity"))
    file = kept / "run" / "embeddings" / "query.parquet"
    before = Embedded.load(file)
    polars.read_parquet(file).rename({"identity": "who"}).write_parquet(file)
    assert Embedded.load(file).identities.tolist() == before.identities.tolist()


def test_the_package_says_its_version() -> None:
    assert reseen.__version__ == version("reseen")


def test_the_kept_files_of_older_formats_stay_small() -> None:
    assert sum(file.stat().st_size for file in KEPT.rglob("*") if file.is_file()) < 150_000
