"""From whatever a user calls a network to one that runs: a run, a file, a Hub repository, the plain baseline."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from reseen.deploy.facts import Loaded
from reseen.deploy.hub import WEIGHTS, is_hub_name, load_from_hub, load_hub_folder
from reseen.deploy.network import BASELINE, load_baseline, load_weights_file
from reseen.deploy.runtime import load_onnx, load_openvino, load_program
from reseen.engine.run import Run
from reseen.errors import ReseenError

FILES: Mapping[str, Callable[..., Loaded]] = MappingProxyType(
    {".onnx": load_onnx, ".pt2": load_program, ".safetensors": load_weights_file, ".xml": load_openvino}
)
"""How a file's name ends -> function(path, *, device)."""

_FILE_SUFFIXES = frozenset({*FILES, ".bin", ".ckpt", ".pt", ".pth", ".toml"})

EXPECTS = (
    f"a run's folder, a file ({', '.join(FILES)}), a Hub repository owner/name, or '{BASELINE}', the plain ImageNet "
    "baseline"
)


def load_network(source: str | Path, *, revision: str | None = None, device: str = "cpu") -> Loaded:
    """The network that ``source`` names. ``revision``: of a Hub repository, a commit, tag or branch.

    Raises ReseenError for a source that is nothing of the kind, damaged, or cannot be fetched.
    """
    path = Path(source)
    if path.is_dir():
        return _load_folder(path, device=device)
    if path.is_file():
        return _load_file(path, device=device)
    if str(source) == BASELINE:
        return load_baseline(device=device)
    if isinstance(source, str) and is_hub_name(source) and not looks_local(source):
        return load_from_hub(source, revision=revision, device=device)
    raise ReseenError(f"{source}: no such file or folder; expected {EXPECTS}{_why_not_the_hub(str(source))}")


def looks_local(source: str) -> bool:
    """Whether what may name a repository is rather a mistyped path, which is nobody else's business.

    It begins with a dot, ends as a file of networks does, or its first part is a folder here.
    """
    path = Path(source.partition("@")[0])
    return source.startswith((".", "~")) or path.suffix.lower() in _FILE_SUFFIXES or path.parent.exists()


def _why_not_the_hub(source: str) -> str:
    if not (is_hub_name(source) and looks_local(source)):
        return ""
    return "; it looks like a path, so the Hub was not asked"


def _load_folder(folder: Path, *, device: str) -> Loaded:
    if (folder / WEIGHTS).is_file():
        return load_hub_folder(folder, device=device)
    if not Run(folder).recipe_file.exists() and not Run(folder).best_weights.exists():
        raise ReseenError(f"{folder}: a folder without a run or {WEIGHTS} in it; expected {EXPECTS}")
    return load_weights_file(Run(folder).best_weights, device=device, source=str(folder))


def _load_file(path: Path, *, device: str) -> Loaded:
    if path.suffix not in FILES:
        raise ReseenError(f"{path}: expected {EXPECTS}")
    return FILES[path.suffix](path, device=device)
