"""Networks on the Hugging Face Hub: pulled into its cache by name and revision, and pushed with a model card.

A repository holds model.safetensors, config.json, README.md and, if there is one, calibration.json. No other file is
ever pulled, and none of these can run code. A repository whose model.safetensors is a known release of other authors
(MiewID's) is read as such a file.
"""

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from reseen.deploy.facts import Facts, LoadedNetwork
from reseen.deploy.model_card import model_card
from reseen.deploy.network import CALIBRATION, load_weights_file
from reseen.deploy.released import load_checkpoint_of_others
from reseen.deploy.timm_network import HUB, TIMM
from reseen.engine.checkpoint import Card, has_card, load_card, save_weights
from reseen.engine.run import Run, open_run, read_json
from reseen.errors import ReseenError
from reseen.extras import extra
from reseen.formats import migrated
from reseen.hub_errors import hub_errors, reason_of
from reseen.models import read_weights
from reseen.models.metadata import side_information
from reseen.recipe.overrides import setting_at, with_setting
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.calibrate import OPTIMISTIC

WEIGHTS = "model.safetensors"
CONFIG = "config.json"

_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")


class Pushed(NamedTuple):
    """The ``url`` of the pushed commit, and the ``source`` that loads exactly this network: owner/name@commit."""

    url: str
    source: str


def is_hub_name(source: str) -> bool:
    """Whether this can be a repository's name: owner/name or owner/name@revision.

    >>> is_hub_name("somebody/cars@main"), is_hub_name("cars")
    (True, False)
    """
    return _NAME.fullmatch(source) is not None


def load_from_hub(source: str, *, revision: str | None = None, device: str = "cpu") -> LoadedNetwork:
    """Load the network of a Hub repository. Files that were pulled before come from the Hub's cache.

    Args:
        source: owner/name or owner/name@revision.
        revision: A commit, tag or branch; by default the repository's main branch.
        device: PyTorch's name of a device.

    Returns:
        The network; its ``source`` names the commit, so that the same one can be loaded again.

    Raises:
        ReseenError: The repository cannot be pulled, or holds no network of reseen.

    Example:
        ```python
        network, facts, source = load_from_hub("somebody/cars", revision="v1")
        ```
    """
    parsed = _NAME.fullmatch(source)
    if parsed is None:
        raise ReseenError(f"{source}: expected the name of a Hub repository, owner/name or owner/name@revision")
    repository, named = parsed["repository"], parsed["revision"]
    with extra("hub"):
        from huggingface_hub import snapshot_download
    try:
        folder = Path(
            snapshot_download(repository, revision=revision or named, allow_patterns=[WEIGHTS, CONFIG, CALIBRATION])
        )
    except hub_errors() as error:
        raise ReseenError(f"{source}: no such file or folder here; as a Hub repository: {reason_of(error)}") from None
    return load_hub_folder(folder, device=device, source=f"{repository}@{folder.name}")


def load_hub_folder(folder: Path, *, device: str = "cpu", source: str = "") -> LoadedNetwork:
    """Load the network of a folder with a repository's files; its config.json must name these weights.

    Weights without a card of ours are read as a checkpoint that others released.
    """
    source = source or str(folder)
    config = read_json(folder / CONFIG) if (folder / CONFIG).is_file() else {}
    weights = folder / WEIGHTS
    if "architecture" in config and not (weights.is_file() and has_card(weights)):
        named = f"{HUB}{source}" if is_hub_name(source) else f"local-dir:{source}"
        raise ReseenError(f"{source}: a network of timm: name it {TIMM}{named}")
    if not weights.is_file():
        raise ReseenError(f"{source}: expected {WEIGHTS} in it; was it written by `reseen push`?")
    if not has_card(weights):
        return load_checkpoint_of_others(weights, device=device, source=source)
    loaded = load_weights_file(weights, device=device, source=source)
    stated = migrated("facts", read_json(folder / CONFIG), name=f"{source}: {CONFIG}").get("fingerprint")
    if stated != loaded.facts.fingerprint:
        raise ReseenError(
            f"{source}: {CONFIG} names other weights ({stated}) than {WEIGHTS} holds ({loaded.facts.fingerprint})"
        )
    return loaded


def push(
    run: Run | Path | str, repository: str, *, private: bool = True, licence: str = "", revision: str | None = None
) -> Pushed:
    """Push a run's best network to the Hub, with a model card.

    Args:
        run: The run, or its folder.
        repository: owner/name; made if it is not there.
        private: Make a new repository private.
        licence: The licence's identifier, for the card.
        revision: The branch; by default main.

    Raises:
        ReseenError: The run has no weights, or the Hub refuses the push.

    Example:
        ```python
        pushed = push("runs/mine", "somebody/cars", licence="apache-2.0")
        embedder = reseen.Embedder.from_pretrained(pushed.source)
        ```
    """
    run = open_run(run)
    if not is_hub_name(repository) or "@" in repository:
        raise ReseenError(f"{repository}: expected a repository as owner/name")
    with extra("hub"):
        from huggingface_hub import HfApi
    hub = HfApi()
    with tempfile.TemporaryDirectory() as folder:
        facts = stage(run, Path(folder), repository=repository, licence=licence)
        try:
            hub.create_repo(repository, private=private, exist_ok=True)
            commit = hub.upload_folder(
                repo_id=repository, folder_path=folder, revision=revision, commit_message=f"reseen {facts.fingerprint}"
            )
        except hub_errors() as error:
            raise ReseenError(f"{repository}: could not be pushed: {reason_of(error)}") from None
    return Pushed(str(commit.commit_url), f"{repository}@{commit.oid}")


def stage(run: Run, folder: Path, *, repository: str, licence: str = "") -> Facts:
    """Write the files of a repository into ``folder``, and return the network's facts."""
    if (run.path / CALIBRATION).is_file():
        _stage_calibration(run.path / CALIBRATION, folder / CALIBRATION)
    save_weights(folder / WEIGHTS, read_weights(run.best_weights).tensors, _public(run.best_weights))
    facts = load_weights_file(folder / WEIGHTS).facts
    config = {"library_name": "reseen", **json.loads(facts.as_json())}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(model_card(run, facts, repository=repository, licence=licence), encoding="utf-8")
    return facts


def _stage_calibration(calibration: Path, out: Path) -> None:
    """Without the path of its images, which is private."""
    facts = read_json(calibration)
    if facts.get("source") not in (None, OPTIMISTIC):
        facts["source"] = "other images than those it was scored on"
    out.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _public(weights: Path) -> Card:
    """The card without the paths of the machine it was trained on, and without names of cameras and views that the
    network has not learned.
    """
    card = load_card(weights)
    model = dict(card.recipe["model"])
    model["weights"] = Path(model.get("weights", "none")).name
    card = card._replace(recipe=with_file_names({**card.recipe, "model": model}))
    return card if side_information(load_model(weights)) else card._replace(camera_names=(), view_names=())


def with_file_names(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with the names of the files that its texts came from, in place of their paths."""
    shown = dict(recipe)
    for section, file in (("texts", "vocabulary"), ("losses.image_to_text", "texts")):
        path = setting_at(shown, f"{section}.{file}")
        if isinstance(path, str):
            shown = with_setting(shown, f"{section}.{file}", Path(path).name)
    return shown
