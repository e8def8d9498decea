"""From whatever a user calls a network to one that runs: a run, a file, a Hub repository, the plain baseline."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from reseen.deploy.facts import Loaded
from reseen.deploy.network import BASELINE, load_baseline, load_weights_file
from reseen.errors import ReseenError

RUN_WEIGHTS = "best.safetensors"
HUB_WEIGHTS = "model.safetensors"
EXPECTS = (
    f"a run's folder, a .safetensors, .onnx or OpenVINO .xml file, a Hub repository owner/name, or '{BASELINE}', the "
    "plain ImageNet baseline"
)

FILES: Mapping[str, Callable[..., Loaded]] = MappingProxyType({".safetensors": load_weights_file})
"""How a file's name ends -> function(path, *, device)."""


def load_network(source: str | Path, *, revision: str | None = None, device: str = "cpu") -> Loaded:  # noqa: ARG001
    """The network that ``source`` names. ``revision``: of a Hub repository, a commit, tag or branch.

    Raises ReseenError for a source that is nothing of the kind, damaged, or cannot be fetched.
    """
    path = Path(source)
    if path.is_dir():
        return load_weights_file(_weights_in(path), device=device, source=str(path))
    if path.is_file():
        return _load_file(path, device=device)
    if str(source) == BASELINE:
        return load_baseline(device=device)
    raise ReseenError(f"{source}: no such file, folder or repository; expected {EXPECTS}")


def _weights_in(folder: Path) -> Path:
    for name in (RUN_WEIGHTS, HUB_WEIGHTS):
        if (folder / name).is_file():
            return folder / name
    raise ReseenError(f"{folder}: expected a run with {RUN_WEIGHTS}, or a repository's folder with {HUB_WEIGHTS}")


def _load_file(path: Path, *, device: str) -> Loaded:
    if path.suffix not in FILES:
        raise ReseenError(f"{path}: expected {EXPECTS}")
    return FILES[path.suffix](path, device=device)
