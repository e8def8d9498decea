"""The Hub, by a stand-in that keeps its folder layout: nothing here touches a network."""

import json
import re
import socket
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import constants, errors

from reseen.deploy.hub import load_from_hub
from reseen.deploy.pushing import push, with_file_names
from reseen.engine.checkpoint import load_card, save_weights
from reseen.errors import ReseenError
from reseen.models import read_weights
from reseen.recipe.training import recipe_text
from reseen.retrieval.embedder import Embedder
from reseen.tasks.reid.recipe import read_recipe

FIRST, SECOND = "1" * 40, "2" * 40


class StandIn:
    """Pushing writes the folders that the Hub's client keeps of what it fetched; fetching then finds them."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.private: bool | None = None
        self.error: Exception | None = None

    def create_repo(self, repo_id: str, *, private: bool, exist_ok: bool) -> None:
        if self.error is not None:
            raise self.error
        assert exist_ok
        self.private = private
        (self.folder(repo_id) / "refs").mkdir(parents=True, exist_ok=True)

    def upload_folder(
        self, *, repo_id: str, folder_path: str, revision: str | None, commit_message: str
    ) -> SimpleNamespace:
        commit = SECOND if (self.folder(repo_id) / "snapshots" / FIRST).exists() else FIRST
        snapshot = self.folder(repo_id) / "snapshots" / commit
        snapshot.mkdir(parents=True)
        for file in Path(folder_path).iterdir():
            (snapshot / file.name).write_bytes(file.read_bytes())
        (self.folder(repo_id) / "refs" / (revision or "main")).write_text(commit)
        return SimpleNamespace(commit_url=f"https://hub/{repo_id}/commit/{commit}", oid=commit)

    def folder(self, repo_id: str) -> Path:
        return self.cache / f"models--{repo_id.replace('/', '--')}"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = StandIn(tmp_path / "cache")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(made.cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: made)
    return made


@pytest.fixture
def run(weights_file: Path, tmp_path: Path) -> Path:
    """A run's folder with all that a model card speaks of, whose start weights lay in somebody's home."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "recipe.toml").write_text(recipe_text(read_recipe(weights_file.parent / "tiny.toml")))
    card = load_card(weights_file)
    card = card._replace(recipe={**card.recipe, "model": {**card.recipe["model"], "weights": "/home/someone/start.pt"}})
    save_weights(folder / "best.safetensors", read_weights(weights_file).tensors, card)
    (folder / "calibration.json").write_text(json.dumps({"threshold": 0.5}))
    counts = {"train": 1602, "query": 217}
    data = {"path": "/home/someone/data", "layout": "veri776", "pictures": counts, "identities": {"train": 89}}
    (folder / "data.json").write_text(json.dumps(data))
    (folder / "scores.json").write_text(json.dumps({"trained": {"mAP": 0.4654, "rank1": 0.645, "protocol": "veri776"}}))
    return folder


def test_a_pushed_network_can_be_loaded_by_its_name(stand_in: StandIn, run: Path) -> None:
    pushed = push(run, "owner/cars")
    assert stand_in.private
    assert pushed.source == f"owner/cars@{FIRST}"
    from_run, from_hub = Embedder.from_pretrained(run), Embedder.from_pretrained("owner/cars")
    assert from_hub.source == f"owner/cars@{FIRST}"
    assert from_hub.facts == from_run.facts
    assert from_hub.threshold == 0.5
    noise = np.random.default_rng(0).integers(0, 256, (2, 40, 30, 3), dtype=np.uint8)
    assert np.array_equal(from_hub(noise), from_run(noise))


def test_a_pinned_revision_loads_the_same_network_after_later_pushes(stand_in: StandIn, run: Path) -> None:
    push(run, "owner/cars")
    (run / "calibration.json").write_text(json.dumps({"threshold": 0.75}))
    push(run, "owner/cars", private=False)
    assert not stand_in.private
    assert load_from_hub("owner/cars").facts.threshold == 0.75
    for pinned in (load_from_hub("owner/cars", revision=FIRST), load_from_hub(f"owner/cars@{FIRST}")):
        assert pinned.facts.threshold == 0.5
        assert pinned.source == f"owner/cars@{FIRST}"


def test_the_model_card_describes_the_network_without_the_paths_of_its_maker(stand_in: StandIn, run: Path) -> None:
    push(run, "owner/cars", licence="apache-2.0")
    snapshot = stand_in.folder("owner/cars") / "snapshots" / FIRST
    assert {file.name for file in snapshot.iterdir()} == {
        "README.md", "calibration.json", "config.json", "model.safetensors"
    }  # fmt: skip
    card = (snapshot / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: reseen\n")
    for said in (
        "license: apache-2.0",
        "# cars",
        'from_pretrained("owner/cars")',
        "| model | test_resnet.r160_in1k |",
        "| threshold | 0.5000 |",
        f"`{Embedder.from_pretrained(run).fingerprint}`",
        "| train | 1,602 | 89 |",
        "| trained | 46.5 | 64.5 | veri776 |",
    ):
        assert said in card
    assert not any(b"someone" in file.read_bytes() for file in snapshot.iterdir())


def test_a_run_without_scores_has_a_model_card(stand_in: StandIn, run: Path) -> None:
    for name in ("data.json", "scores.json", "calibration.json"):
        (run / name).unlink()
    push(run, "owner/cars")
    card = (stand_in.folder("owner/cars") / "snapshots" / FIRST / "README.md").read_text()
    assert "not calibrated" in card
    assert "## Scores" not in card
    assert "license" not in card


def test_a_repository_whose_config_names_other_weights_is_refused(stand_in: StandIn, run: Path) -> None:
    push(run, "owner/cars")
    snapshot = stand_in.folder("owner/cars") / "snapshots" / FIRST
    config = json.loads((snapshot / "config.json").read_text())
    (snapshot / "config.json").write_text(json.dumps({**config, "fingerprint": "0" * 16}))
    with pytest.raises(ReseenError, match=r"config.json names other weights \(0000000000000000\)"):
        load_from_hub("owner/cars")
    (snapshot / "model.safetensors").unlink()
    with pytest.raises(ReseenError, match=r"expected model.safetensors in it|not in the cache"):
        load_from_hub("owner/cars")


@pytest.mark.parametrize("name", ["config.json", "calibration.json"])
@pytest.mark.parametrize("text", ["[]", "3", "null", "[" * 10**5])
def test_json_of_a_repository_that_is_no_object_is_one_line(name: str, text: str, stand_in: StandIn, run: Path) -> None:
    push(run, "owner/cars")
    (stand_in.folder("owner/cars") / "snapshots" / FIRST / name).write_text(text)
    with pytest.raises(ReseenError, match=rf"{name}: (expected a JSON object|not JSON)"):
        load_from_hub("owner/cars")


def test_only_safetensors_and_json_files_are_pulled(
    stand_in: StandIn, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(run, "owner/cars")
    asked: dict[str, object] = {}

    def watched(repository: str, **options: object) -> str:
        asked.update(options)
        return str(stand_in.folder(repository) / "snapshots" / FIRST)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", watched)
    load_from_hub("owner/cars@main")
    assert asked["revision"] == "main"
    assert all(re.search(r"\.(safetensors|json)$", str(name)) for name in asked["allow_patterns"])  # type: ignore[attr-defined]


def test_a_missing_repository_is_an_error_of_one_line(stand_in: StandIn) -> None:
    with pytest.raises(
        ReseenError, match="nobody/nothing: no such file or folder here; as a Hub repository: it is not"
    ):
        Embedder.from_pretrained("nobody/nothing")
    with pytest.raises(ReseenError, match="expected the name of a Hub repository"):
        load_from_hub("no name")


@pytest.mark.parametrize(
    "mistyped",
    ["runs/mien", "./mien", "../mien", "runs/mien@main", "elsewhere/best.safetensors", "a/b/c", "/tmp/mien", "~/mien"],
)
def test_a_mistyped_path_is_never_looked_up_on_the_hub(
    mistyped: str, stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    asked: list[str] = []
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda repository, **_: asked.append(repository))
    for source in (mistyped, Path("owner/name")):
        with pytest.raises(ReseenError, match=f"^{re.escape(str(source))}: no such file or folder; expected") as raised:
            Embedder.from_pretrained(source)
        assert "\n" not in str(raised.value)
    assert asked == []


REFUSALS = {
    "gated": (errors.GatedRepoError, "grants access on request"),
    "absent": (errors.RepositoryNotFoundError, "no such repository, or it is private"),
    "revision": (errors.RevisionNotFoundError, "no such revision"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_the_hubs_refusals_are_one_line(
    kind: str, stand_in: StandIn, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error, reason = REFUSALS[kind]
    refusal = error("a page of text\nand more", response=SimpleNamespace(headers={}, request=None, status_code=404))
    stand_in.error = refusal

    def refuse(*_: object, **__: object) -> str:
        raise refusal

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    for call in (lambda: load_from_hub("owner/cars"), lambda: push(run, "owner/cars")):
        with pytest.raises(ReseenError, match=reason) as raised:
            call()
        assert "\n" not in str(raised.value)


def test_a_push_or_a_pull_without_a_network_is_one_line(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name, cache in (("HfApi", {}), ("snapshot_download", {"cache_dir": tmp_path / "cache"})):
        real = getattr(huggingface_hub, name)
        monkeypatch.setattr(huggingface_hub, name, partial(real, endpoint=nowhere, token="hf_none", **cache))
    with pytest.raises(ReseenError, match=r"^owner/cars: could not be pushed: the Hub cannot be reached; [\w ]+$"):
        push(run, "owner/cars")
    with pytest.raises(ReseenError, match=r"it is not in the cache, and the Hub cannot be reached$"):
        load_from_hub("owner/cars")


def test_a_push_while_the_hubs_client_is_offline_says_so(stand_in: StandIn, run: Path) -> None:
    stand_in.error = errors.OfflineModeIsEnabled("a page of text\nand more")
    with pytest.raises(ReseenError, match=r"could not be pushed: the Hub's client is offline; unset HF_HUB_OFFLINE$"):
        push(run, "owner/cars")


def test_a_push_refuses_what_is_not_a_repositorys_name(stand_in: StandIn, run: Path) -> None:
    for name in ("cars", "owner/cars@main", "a/b/c"):
        with pytest.raises(ReseenError, match="expected a repository as owner/name"):
            push(run, name)


def test_a_published_recipe_names_the_files_of_its_texts_without_their_folders() -> None:
    losses = {"image_to_text": {"weight": 1.0, "texts": "/home/me/texts.safetensors"}, "triplet": {"weight": 1.0}}
    recipe = {"losses": losses, "texts": {"word": "vehicle", "vocabulary": "/home/me/list.txt.gz"}}
    shown = with_file_names(recipe)
    assert shown["texts"]["vocabulary"] == "list.txt.gz"
    assert shown["losses"] == {**losses, "image_to_text": {"weight": 1.0, "texts": "texts.safetensors"}}
    assert with_file_names({"losses": {"triplet": {}}, "texts": None}) == {"losses": {"triplet": {}}, "texts": None}
