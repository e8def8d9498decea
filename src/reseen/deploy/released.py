"""Loads the checkpoint of another project as it was released, where its tensors leave nothing open."""

from pathlib import Path

from reseen.deploy.facts import LoadedNetwork
from reseen.deploy.network import load_weights_file, network_of
from reseen.engine.checkpoint import has_card
from reseen.errors import ReseenError
from reseen.models import read_weights
from reseen.models.releases import RELEASES, look_like
from reseen.models.sources import holds_safetensors
from reseen.tasks.reid.releases import read_release

CHECKPOINTS = (".bin", ".pkl", ".pt", ".pth", ".tar")
"""What other projects' files of tensors end with."""


def load_safetensors(path: Path, *, device: str = "cpu", source: str = "") -> LoadedNetwork:
    """Load a weights file of reseen, or another project's tensors in that format; raises the errors of either."""
    load = load_weights_file if has_card(path) else load_checkpoint_of_others
    return load(path, device=device, source=source)


def load_checkpoint(path: Path, *, device: str = "cpu", source: str = "") -> LoadedNetwork:
    """Load a checkpoint of another project, or what its name hides: a safetensors file; raises the errors of either."""
    load = load_safetensors if holds_safetensors(path) else load_checkpoint_of_others
    return load(path, device=device, source=source)


def load_checkpoint_of_others(path: Path, *, device: str = "cpu", source: str = "") -> LoadedNetwork:
    """Load a network by the names and shapes of its tensors.

    Raises ReseenError for a file of no known release, and for one that needs to be told something: the message names
    the command that takes it.
    """
    like = look_like(read_weights(path).tensors)
    if not like:
        raise ReseenError(
            f"{path}: its tensors belong to no release that is known here ({', '.join(RELEASES)}); "
            "`reseen import-weights --list` says what each reads"
        )
    command = f"reseen import-weights {like[0]} {path} OUT.safetensors"
    asked = "".join(f" --set {name}=..." for name in RELEASES[like[0]].asks)
    if len(like) > 1 or asked:
        raise ReseenError(f"{path}: it looks like {' or '.join(like)}, and leaves something open: {command}{asked}")
    try:
        imported = read_release(like[0], path, with_head=False)
    except ReseenError as error:
        raise ReseenError(f"{error} (`{command}` takes options)") from None
    return network_of(imported.model, imported.card, path=path, device=device, source=source)
