"""Networks of the Hugging Face Hub, pulled into its cache by name and revision.

A repository holds model.safetensors, config.json, README.md and, if there is one, calibration.json. No other file is
ever pulled, and none of these can run code. A repository whose model.safetensors is a known release of other authors
(MiewID's) is read as such a file.
"""

import re
from pathlib import Path

from reseen.deploy.facts import LoadedNetwork
from reseen.deploy.network import CALIBRATION, load_weights_file
from reseen.deploy.released import load_checkpoint_of_others
from reseen.deploy.timm_network import HUB, TIMM
from reseen.engine.checkpoint import has_card
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.extras import extra
from reseen.formats import migrated
from reseen.hub_errors import hub_errors, reason_of

WEIGHTS = "model.safetensors"
CONFIG = "config.json"

_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")


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
