"""Checkpoints that other projects released, turned into networks and weights files of ours."""

from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from reseen.engine.checkpoint import Card, save_weights
from reseen.errors import ReseenError, unknown
from reseen.models import EmbeddingModel, load_weights, read_weights
from reseen.models.releases import RELEASES, Released, look_like
from reseen.recipe.components import Component, Kind
from reseen.recipe.overrides import apply_overrides, laid_over
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import read_recipe, recipe_from

RELEASE = Kind(
    "release",
    {name: release.read for name, release in RELEASES.items()},
    available=("tensors", "with_head", "image_size"),
)
_HEADS = ("neck.*", "branches.*.neck.*", "necks.*")
"""What a checkpoint without its head may lack."""

_INCOMPLETE = (
    "These are names of this package: the file is incomplete, or of a network that it cannot tell from this one"
)


class Imported(NamedTuple):
    """A released network: what was ``released``, the built ``model`` in evaluation mode, and its ``card``."""

    released: Released
    model: EmbeddingModel
    card: Card


def import_weights(
    release: str,
    source: Path,
    out: Path,
    *,
    image_size: tuple[int, int] | None = None,
    num_identities: int | None = None,
    with_head: bool = True,
    options: Sequence[str] = (),
) -> Released:
    """Read a released checkpoint and write the same network to ``out``, a file for `load_model`.

    Args:
        release: A name in `reseen.models.releases.RELEASES`.
        source: The checkpoint.
        out: The weights file (.safetensors); written whole or not at all.
        image_size: (height, width) that it was trained at; None takes the release's.
        num_identities: That its head must know; None takes what it knows.
        with_head: False leaves the classifier out.
        options: The release's own, such as ``cameras=20``, for what the tensors do not tell.

    Returns:
        What was read.

    Raises:
        ReseenError: An unknown kind of release or option, a file that is none or of another kind, a part that lacks or
            does not fit, and a head of another size.
    """
    imported = read_release(
        release, source, image_size=image_size, num_identities=num_identities, with_head=with_head, options=options
    )
    save_weights(out, imported.model.state_dict(), imported.card)
    return imported.released


def read_release(
    release: str,
    source: Path,
    *,
    image_size: tuple[int, int] | None = None,
    num_identities: int | None = None,
    with_head: bool = True,
    options: Sequence[str] = (),
) -> Imported:
    """The network of a released checkpoint, as `import_weights` writes it; raises the same errors."""
    if release not in RELEASES:
        raise ReseenError(unknown("release", release, RELEASES))
    tensors = read_weights(source).tensors
    try:
        released = _released(release, tensors, image_size=image_size, with_head=with_head, options=options)
        _check_head(released, num_identities)
        return _built(released, image_size)
    except ReseenError as error:
        raise ReseenError(f"{source}: {error}{_rather(release, tensors)}") from None


def options_of(release: str) -> list[str]:
    """The options of a kind of release, each with its default: "cameras=20"."""
    parameters = signature(RELEASES[release].read).parameters
    return [
        f"{name}=..." if parameter.default is parameter.empty else f"{name}={parameter.default}"
        for name, parameter in parameters.items()
        if name not in RELEASE.available
    ]


def _released(
    release: str,
    tensors: Mapping[str, Tensor],
    *,
    image_size: tuple[int, int] | None,
    with_head: bool,
    options: Sequence[str],
) -> Released:
    settings = apply_overrides({}, options)
    try:
        return RELEASE.build(  # type: ignore[no-any-return]
            Component(release, settings), tensors=tensors, with_head=with_head, image_size=image_size
        )
    except ValueError as error:
        raise ReseenError(str(error)) from None


def _rather(release: str, tensors: Mapping[str, Tensor]) -> str:
    """What else the file looks like, if it does not look like what was named."""
    like = look_like(tensors)
    return "" if release in like or not like else f"; it looks like {' or '.join(like)}"


def _check_head(released: Released, expected: int | None) -> None:
    known = released.num_identities
    if None not in {known, expected} and known != expected:
        raise ReseenError(f"its head knows {known} identities, expected {expected}: import it without the head")


def _built(released: Released, image_size: tuple[int, int] | None) -> Imported:
    size, names = image_size or released.image_size, (released.camera_names, released.view_names)
    data = {**released.data, **({} if size is None else {"image_size": list(size)})}
    base = read_recipe(released.recipe).model_dump(mode="json", exclude_none=True)
    recipe = recipe_from(laid_over(base, {"model": released.model, "data": data}), name=released.recipe)
    model = build_embedder(recipe, num_identities=released.num_identities, start_weights=False, metadata_names=names)
    may_lack = () if released.num_identities is not None else _HEADS
    load_weights(model, released.tensors, expect_missing=may_lack, advice=_INCOMPLETE)
    card = Card(recipe.model_dump(mode="json", exclude_none=True), released.num_identities, None, *names)
    return Imported(released, model.eval(), card)
