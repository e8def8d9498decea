"""Networks on the Hugging Face Hub: fetched into its cache by name and revision, and pushed there with a model card.

A repository holds model.safetensors, config.json, README.md and, where there is one, calibration.json. Nothing else
is ever fetched, and none of these can run code.
"""

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from huggingface_hub import HfApi, errors, snapshot_download

from reseen.backbones import family_of
from reseen.deploy.facts import Facts, Loaded
from reseen.deploy.model_card import model_card
from reseen.deploy.network import CALIBRATION, load_weights_file
from reseen.engine.checkpoint import Card, load_card, save_weights
from reseen.engine.run import Run, open_run, read_json
from reseen.errors import ReseenError
from reseen.formats import migrated
from reseen.models import read_weights
from reseen.tasks.reid.calibrate import OPTIMISTIC

WEIGHTS = "model.safetensors"
CONFIG = "config.json"

_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")
_REASONS: Mapping[type[Exception], str] = MappingProxyType(
    {
        errors.GatedRepoError: "its owner gives access on request: ask on its page, then `hf auth login`",
        errors.RepositoryNotFoundError: "there is no such repository, or it is private and you must `hf auth login`",
        errors.RevisionNotFoundError: "it has no such revision",
        errors.LocalEntryNotFoundError: "it is not in the cache, and the Hub cannot be reached",
        errors.HFValidationError: "this is no name of a repository",
    }
)


class Pushed(NamedTuple):
    """Where a network can be looked at, and the source that loads exactly it: owner/name@commit."""

    url: str
    source: str


def is_hub_name(source: str) -> bool:
    """Whether this may name a repository: owner/name or owner/name@revision."""
    return _NAME.fullmatch(source) is not None


def load_from_hub(source: str, *, revision: str | None = None, device: str = "cpu") -> Loaded:
    """The network of a repository, as of ``revision`` (a commit, tag or branch; None: what its owner shows now).

    What was fetched once is taken from the Hub's cache. ``source`` of the result names the commit, so that the same
    can be had again. Raises ReseenError for what cannot be fetched or is no network of ours.
    """
    found = _NAME.fullmatch(source)
    if found is None:
        raise ReseenError(f"{source}: expected the name of a Hub repository, owner/name or owner/name@revision")
    repository, named = found["repository"], found["revision"]
    try:
        folder = Path(
            snapshot_download(repository, revision=revision or named, allow_patterns=[WEIGHTS, CONFIG, CALIBRATION])
        )
    except (OSError, ValueError) as error:
        raise ReseenError(f"{source}: no such file or folder here; as a Hub repository: {_reason(error)}") from None
    return load_hub_folder(folder, device=device, source=f"{repository}@{folder.name}")


def load_hub_folder(folder: Path, *, device: str = "cpu", source: str = "") -> Loaded:
    """The network in a folder that is laid out like a repository; its config.json must speak of these weights."""
    source = source or str(folder)
    if not (folder / WEIGHTS).is_file():
        raise ReseenError(f"{source}: expected {WEIGHTS} in it; was it written by `reseen push`?")
    loaded = load_weights_file(folder / WEIGHTS, device=device, source=source)
    stated = migrated("facts", read_json(folder / CONFIG), name=f"{source}: {CONFIG}").get("fingerprint")
    if stated != loaded.facts.fingerprint:
        raise ReseenError(
            f"{source}: {CONFIG} speaks of other weights ({stated}) than these ({loaded.facts.fingerprint})"
        )
    return loaded


def push(
    run: Run | Path | str, repository: str, *, private: bool = True, licence: str = "", revision: str | None = None
) -> Pushed:
    """Put a run's best network on the Hub, with a model card; a new repository is private unless you say otherwise.

    ``licence``: its identifier, for the card. ``revision``: the branch, main if None. Raises ReseenError for a run
    without weights, and for what the Hub refuses.
    """
    run = run if isinstance(run, Run) else open_run(Path(run))
    if not is_hub_name(repository) or "@" in repository:
        raise ReseenError(f"{repository}: expected a repository as owner/name")
    hub = HfApi()
    with tempfile.TemporaryDirectory() as folder:
        facts = stage(run, Path(folder), repository=repository, licence=licence)
        try:
            hub.create_repo(repository, private=private, exist_ok=True)
            done = hub.upload_folder(
                repo_id=repository, folder_path=folder, revision=revision, commit_message=f"reseen {facts.fingerprint}"
            )
        except (OSError, ValueError) as error:
            raise ReseenError(f"{repository}: could not be pushed: {_reason(error)}") from None
    return Pushed(str(done.commit_url), f"{repository}@{done.oid}")


def stage(run: Run, folder: Path, *, repository: str, licence: str = "") -> Facts:
    """Write a repository's files into ``folder``."""
    if (run.path / CALIBRATION).is_file():
        _stage_calibration(run.path / CALIBRATION, folder / CALIBRATION)
    save_weights(folder / WEIGHTS, read_weights(run.best_weights).tensors, _public(load_card(run.best_weights)))
    facts = load_weights_file(folder / WEIGHTS).facts
    config = {"library_name": "reseen", **json.loads(facts.as_json())}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(model_card(run, facts, repository=repository, licence=licence), encoding="utf-8")
    return facts


def _stage_calibration(calibration: Path, out: Path) -> None:
    """All of it but where its pictures lie, which is its maker's own."""
    found = read_json(calibration)
    if found.get("source") not in (None, OPTIMISTIC):
        found["source"] = "other pictures than those it was scored on"
    out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _public(card: Card) -> Card:
    """Without the folders of whoever trained it, nor, where no table is indexed by them, its cameras and views."""
    model = dict(card.recipe["model"])
    model["weights"] = Path(model.get("weights", "none")).name
    card = card._replace(recipe={**card.recipe, "model": model})
    learned = model.get("metadata") is not None or family_of(model["backbone"]).learns_side_information
    return card if learned else card._replace(camera_names=(), view_names=())


def _reason(error: Exception) -> str:
    for kind, reason in _REASONS.items():
        if isinstance(error, kind):
            return reason
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
