"""Loads a network from any source: a run, a file, a Hub repository, or the plain baseline."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from reseen.deploy.facts import LoadedNetwork
from reseen.deploy.hub import WEIGHTS, is_hub_name, load_from_hub, load_hub_folder
from reseen.deploy.network import BASELINE, load_baseline, load_weights_file
from reseen.deploy.released import CHECKPOINTS, load_checkpoint, load_safetensors
from reseen.deploy.runtime import load_onnx, load_openvino, load_program
from reseen.deploy.timm_network import HUB, TIMM, load_timm
from reseen.engine.run import Run
from reseen.errors import ReseenError

FILES: Mapping[str, Callable[..., LoadedNetwork]] = MappingProxyType(
    {
        ".onnx": load_onnx,
        ".pt2": load_program,
        ".safetensors": load_safetensors,
        ".xml": load_openvino,
        **dict.fromkeys(CHECKPOINTS, load_checkpoint),
    }
)
"""Suffix of a file -> function(path, *, device)."""

EXPORTS = (".onnx", ".xml", ".pt2")
"""The suffixes that `reseen export` writes."""

_FILE_SUFFIXES = frozenset({*FILES, ".ckpt", ".toml"})

EXPECTS = (
    f"a run's folder, a file ({', '.join(FILES)}), a Hub repository owner/name, a network of timm ({TIMM}NAME), or "
    f"'{BASELINE}', the plain ImageNet baseline"
)


def load_network(source: str | Path, *, revision: str | None = None, device: str = "cpu") -> LoadedNetwork:
    """Load a network.

    Args:
        source: A run's folder, a weights file, an export, a Hub repository owner/name, a network of timm with its
            weights (``timm:NAME``, ``timm:hf-hub:OWNER/NAME``, ``timm:local-dir:FOLDER``), or the baseline's name.
        revision: A commit, tag or branch of a Hub repository.
        device: PyTorch's name of a device.

    Raises:
        ReseenError: The source is none of these, is damaged, or cannot be fetched.

    Example:
        >>> network, facts, source = load_network("efficientnet_lite0")
        >>> facts.width, facts.image_size, source
        (1280, (128, 128), 'efficientnet_lite0')
    """
    path = Path(source)
    if path.is_dir():
        return _load_folder(path, device=device)
    if path.is_file():
        return _load_file(path, device=device)
    if str(source) == BASELINE:
        return load_baseline(device=device)
    if isinstance(source, str) and source.startswith(TIMM):
        return _load_timm(source, revision=revision, device=device)
    if isinstance(source, str) and is_hub_name(source) and not looks_local(source):
        return load_from_hub(source, revision=revision, device=device)
    raise ReseenError(f"{source}: no such file or folder; expected {EXPECTS}{_why_not_the_hub(str(source))}")


def run_by_export(loaded: LoadedNetwork, export: Path, *, device: str = "cpu") -> LoadedNetwork:
    """The network with its own facts, run by the runtime of an export of it.

    Raises ReseenError for a file that is no export, or one of another network or in other numbers.
    """
    if export.suffix not in EXPORTS:
        raise ReseenError(f"{export}: expected an export, one of {', '.join(EXPORTS)}")
    exported = load_network(export, device=device)
    expected, got = loaded.facts.fingerprint, exported.facts.fingerprint
    if got != expected:
        raise ReseenError(
            f"{export}: an export of network {got}, not of {loaded.source} ({expected}); export it again, or serve the "
            "export alone with a gallery of its own vectors"
        )
    return LoadedNetwork(exported.network, loaded.facts, loaded.source)


def looks_local(source: str) -> bool:
    """Whether a possible name of a repository is rather a mistyped path, which must not be sent to the Hub.

    It begins with a dot, ends like a file of a network, or its first part is a folder here.
    """
    path = Path(source.partition("@")[0])
    return source.startswith((".", "~")) or path.suffix.lower() in _FILE_SUFFIXES or path.parent.exists()


def _why_not_the_hub(source: str) -> str:
    if not (is_hub_name(source) and looks_local(source)):
        return ""
    return "; it looks like a path, so it was not looked up on the Hub"


def _load_timm(source: str, *, revision: str | None, device: str) -> LoadedNetwork:
    name = source.removeprefix(TIMM)
    repository = name.removeprefix(HUB)
    if repository != name and not is_hub_name(repository):
        raise ReseenError(f"{source}: expected the name of a Hub repository, owner/name or owner/name@revision")
    if repository != name and looks_local(repository):
        raise ReseenError(
            f"{source}: {repository} looks like a path, so it was not looked up on the Hub; a folder with a network of "
            f"timm is {TIMM}local-dir:FOLDER"
        )
    pinned = f"@{revision}" if repository != name and revision and "@" not in name else ""
    return load_timm(name + pinned, device=device)


def _load_folder(folder: Path, *, device: str) -> LoadedNetwork:
    if (folder / WEIGHTS).is_file():
        return load_hub_folder(folder, device=device)
    if not Run(folder).recipe_file.exists() and not Run(folder).best_weights.exists():
        raise ReseenError(f"{folder}: the folder holds no run and no {WEIGHTS}; expected {EXPECTS}")
    return load_weights_file(Run(folder).best_weights, device=device, source=str(folder))


def _load_file(path: Path, *, device: str) -> LoadedNetwork:
    if path.suffix not in FILES:
        raise ReseenError(f"{path}: expected {EXPECTS}")
    return FILES[path.suffix](path, device=device)
