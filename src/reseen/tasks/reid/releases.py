"""Checkpoints that the methods' authors released, turned into weights files of ours."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from reseen.engine.checkpoint import Card, save_weights
from reseen.errors import ReseenError, unknown
from reseen.models import load_weights, read_weights
from reseen.models.release_mbr import mbr_release
from reseen.models.release_rga import rga_release
from reseen.models.released import Released
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import read_recipe

RELEASES: Mapping[str, Callable[..., Released]] = MappingProxyType(
    {"mbr-release": mbr_release, "rga-release": rga_release}
)
"""Name -> function(tensors, *, with_head) to a `Released`."""

RECIPES: Mapping[str, str] = MappingProxyType(
    {
        "mbr_4b": "mbr-4b-veri776",
        "mbr_r50": "mbr-4b-veri776",
        "rga_c": "rga-c-cuhk03-labelled",
        "rga_s": "rga-s-cuhk03-labelled",
        "rga_sc": "rga-sc-cuhk03-labelled",
    }
)
"""Model -> the recipe it was released with: what the weights file says about building and feeding it."""


def import_weights(
    release: str,
    source: Path,
    out: Path,
    *,
    image_size: tuple[int, int] | None = None,
    num_identities: int | None = None,
    with_head: bool = True,
) -> Released:
    """Read a released checkpoint and write the same network to ``out``, a file for `load_model`.

    ``image_size`` (height, width) that it was trained at; None takes the release's. ``num_identities`` that its head
    must know; None takes what it knows. ``with_head`` False leaves the classifier out.

    Raises ReseenError for an unknown kind of release, a file that is none, a part that lacks or does not fit, and a
    head of another size.
    """
    if release not in RELEASES:
        raise ReseenError(unknown("release", release, RELEASES))
    tensors = read_weights(source).tensors
    try:
        released = RELEASES[release](tensors, with_head=with_head)
        _check_head(released, num_identities)
        _write(released, out, image_size)
    except ReseenError as error:
        raise ReseenError(f"{source}: {error}") from None
    return released


def _check_head(released: Released, expected: int | None) -> None:
    known = released.num_identities
    if None not in {known, expected} and known != expected:
        raise ReseenError(f"its head knows {known} identities, expected {expected}: import it without the head")


def _write(released: Released, out: Path, image_size: tuple[int, int] | None) -> None:
    size, names = image_size or released.image_size, (released.camera_names, released.view_names)
    overrides = [f"model.name={released.model}"]
    overrides += [] if size is None else [f"data.image_size={list(size)}"]
    overrides += ["model.metadata={}"] if any(names) else []
    recipe = read_recipe(RECIPES[released.model], overrides=overrides)
    model = build_embedder(recipe, num_identities=released.num_identities, start_weights=False, metadata_names=names)
    headless = () if released.num_identities is not None else ("neck.*", "branches.*.neck.*")
    load_weights(model, released.tensors, expect_missing=headless)
    card = Card(recipe.model_dump(mode="json", exclude_none=True), released.num_identities, None, *names)
    save_weights(out, model.state_dict(), card)
