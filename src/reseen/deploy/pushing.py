"""Networks pushed to the Hugging Face Hub, with a model card.

Apart from `reseen.deploy.hub`, which pulls them: a card needs what scores and trains, which takes seconds to import.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from reseen.deploy.facts import Facts
from reseen.deploy.hub import CONFIG, WEIGHTS, is_hub_name
from reseen.deploy.model_card import model_card
from reseen.deploy.network import CALIBRATION, load_weights_file
from reseen.engine.checkpoint import Card, load_card, save_weights
from reseen.engine.run import Run, open_run, read_json
from reseen.errors import ReseenError
from reseen.extras import extra
from reseen.hub_errors import hub_errors, reason_of
from reseen.models import read_weights
from reseen.models.metadata import side_information
from reseen.recipe.overrides import setting_at, with_setting
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.calibrate import OPTIMISTIC


class Pushed(NamedTuple):
    """The ``url`` of the pushed commit, and the ``source`` that loads exactly this network: owner/name@commit."""

    url: str
    source: str


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
