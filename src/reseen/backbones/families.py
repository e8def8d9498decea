"""The table of backbone families, and the family of a backbone by name."""

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from inspect import isclass, isfunction
from typing import get_type_hints

import timm
from torch import nn

from reseen.backbones.clip_resnet import CLIP_RESNET
from reseen.backbones.clip_vit import CLIP_VIT
from reseen.backbones.cnn import CNN
from reseen.backbones.family import Family
from reseen.backbones.osnet import OSNET
from reseen.backbones.resnet import RESNET
from reseen.backbones.solider import SOLIDER
from reseen.backbones.transreid import TRANSREID
from reseen.backbones.vit import VIT
from reseen.errors import ReseenError

FAMILIES: tuple[Family, ...] = (SOLIDER, OSNET, CLIP_VIT, CLIP_RESNET, TRANSREID, RESNET, VIT, CNN)
"""The first that owns a name builds it. A network from outside timm is one more line, or needs none:
``backbone = "mypackage.nets:osnet"`` names a function like a family's ``build``."""


def family_of(name: str) -> Family:
    """The family of the backbone ``name``; raises ReseenError for a name that none knows."""
    for family in FAMILIES:
        if family.owns(name):
            return family
    module, colon, function = name.partition(":")
    if colon and module.replace(".", "").isidentifier() and function.isidentifier():
        return Family(name, build=_imported(module, function), owns=name.__eq__)
    near = get_close_matches(name, timm.list_models(), n=3, cutoff=0.4)
    hint = f"; nearest timm names: {', '.join(near)}" if near else "; `timm.list_models()` lists the names"
    raise ReseenError(f"no backbone '{name}'{hint}")


def _imported(module: str, function: str) -> Callable[..., nn.Module]:
    """The function of that name, only if it says that it makes a module: a weights file may name one too."""
    name = f"{module}:{function}"
    try:
        build: Callable[..., nn.Module] = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ReseenError(f"no backbone '{name}': {error}") from None
    makes = get_type_hints(build).get("return") if isfunction(build) else None
    if not (isclass(makes) and issubclass(makes, nn.Module)):
        raise ReseenError(f"backbone '{name}': expected a function annotated to return an nn.Module, got {build!r}")
    return build
