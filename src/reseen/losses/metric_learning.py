"""Losses and miners of pytorch-metric-learning by name.

The losses of well-known papers have functions of their own, with the settings of the papers. ``metric_learning`` builds
any other loss of the library, with the settings of the library. Losses on angles use the feature after the neck, which
retrieval compares; ``on`` chooses the feature before the neck instead. The library averages over pairs or anchors. Its
import is slow, so it waits until a loss is built.
"""

from collections.abc import Mapping
from inspect import signature
from math import degrees, pi
from typing import Annotated, Any, TypeAlias

from annotated_types import Ge, Lt
from torch import nn

from reseen.bounds import NotNegative, Positive
from reseen.errors import unknown
from reseen.losses.features import Feature, OnFeature
from reseen.losses.pairs import compares_pairs

Angle = Annotated[float, Ge(0), Lt(pi)]
Miner: TypeAlias = dict[str, Any] | None
"""The ``name`` of a miner of the library, such as ``MultiSimilarityMiner``, and its settings."""


@compares_pairs
def circle(
    *, margin: NotNegative = 0.25, scale: Positive = 128.0, on: Feature = "necked", miner: Miner = None
) -> nn.Module:
    """Circle loss on pairs (Sun et al., 2020); ``margin`` m and ``scale`` gamma, as in its eq. 8."""
    return _on("CircleLoss", on, miner, m=margin, gamma=scale)


def arcface(
    *, num_identities: int, width: int, margin: Angle = 0.5, scale: Positive = 64.0, on: Feature = "necked"
) -> nn.Module:
    """ArcFace (Deng et al., 2019): adds ``margin``, in radians, to the angle with the weight of the identity."""
    return _on("ArcFaceLoss", on, num_classes=num_identities, embedding_size=width, margin=degrees(margin), scale=scale)


def cosface(
    *, num_identities: int, width: int, margin: NotNegative = 0.35, scale: Positive = 64.0, on: Feature = "necked"
) -> nn.Module:
    """CosFace (Wang et al., 2018): subtracts ``margin`` from the cosine with the weight of the identity."""
    return _on("CosFaceLoss", on, num_classes=num_identities, embedding_size=width, margin=margin, scale=scale)


@compares_pairs
def contrastive(
    *,
    positive_margin: NotNegative = 0.0,
    negative_margin: Positive = 1.0,
    on: Feature = "pooled",
    miner: Miner = None,
) -> nn.Module:
    """Contrastive loss (Hadsell et al., 2006) on Euclidean distances between unit vectors, in [0, 2]."""
    return _on("ContrastiveLoss", on, miner, pos_margin=positive_margin, neg_margin=negative_margin)


@compares_pairs
def multi_similarity(
    *,
    alpha: Positive = 2.0,
    beta: Positive = 50.0,
    base: float = 0.5,
    on: Feature = "necked",
    miner: Miner = None,
) -> nn.Module:
    """Multi-similarity loss (Wang et al., 2019), which weights all pairs, or those that a ``miner`` chooses."""
    return _on("MultiSimilarityLoss", on, miner, alpha=alpha, beta=beta, base=base)


@compares_pairs
def supcon(*, temperature: Positive = 0.1, on: Feature = "necked", miner: Miner = None) -> nn.Module:
    """Supervised contrastive loss (Khosla et al., 2020)."""
    return _on("SupConLoss", on, miner, temperature=temperature)


def proxy_anchor(
    *, num_identities: int, width: int, margin: NotNegative = 0.1, scale: Positive = 32.0, on: Feature = "necked"
) -> nn.Module:
    """Proxy-anchor loss (Kim et al., 2020), one proxy per identity; ``scale`` is its alpha."""
    return _on("ProxyAnchorLoss", on, num_classes=num_identities, embedding_size=width, margin=margin, alpha=scale)


def proxy_nca(*, num_identities: int, width: int, scale: Positive = 9.0, on: Feature = "necked") -> nn.Module:
    """Proxy-NCA (Movshovitz-Attias et al., 2017) with a softmax ``scale``, one proxy per identity."""
    return _on("ProxyNCALoss", on, num_classes=num_identities, embedding_size=width, softmax_scale=scale)


@compares_pairs
def metric_learning(
    *,
    num_identities: int,
    width: int,
    loss: str = "NTXentLoss",
    settings: dict[str, Any] = {},  # noqa: B006 - read, never changed
    on: Feature = "necked",
    miner: Miner = None,
) -> nn.Module:
    """Any loss of the library by the name of its class, such as ``NTXentLoss``, with ``settings`` of that class.

    Raises ValueError if the library has no such loss or the loss no such setting.
    """
    shape = {"num_classes": num_identities, "embedding_size": width}
    taken = _parameters(_of_library("losses", loss))
    return _on(loss, on, miner, **{name: size for name, size in shape.items() if name in taken}, **settings)


def _on(loss: str, on: Feature, miner: Miner = None, **settings: Any) -> nn.Module:
    mined = None
    if miner is not None:
        own = {key: value for key, value in miner.items() if key != "name"}
        mined = _made("miners", str(miner.get("name")), own)
    return OnFeature(_made("losses", loss, settings), on=on, miner=mined)


def _made(kind: str, name: str, settings: Mapping[str, Any]) -> nn.Module:
    """Build an object of the library. Raises ValueError, with the nearest name, for an unknown name or setting."""
    factory = _of_library(kind, name)
    known = _parameters(factory)
    for key in settings:
        if key not in known:
            raise ValueError(f"{name}: {unknown('setting', key, known)}")
    try:
        made: nn.Module = factory(**settings)
    except (TypeError, AssertionError) as error:
        raise ValueError(f"{name}: {error}") from None
    return made


def _parameters(factory: type[nn.Module]) -> list[str]:
    """The parameters of a class and of its bases, since the classes of the library pass other arguments on to them."""
    named = [
        parameter.name
        for part in factory.__mro__
        for parameter in signature(part).parameters.values()
        if parameter.kind in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}
    ]
    return list(dict.fromkeys(named))


def _of_library(kind: str, name: str) -> type[nn.Module]:
    import pytorch_metric_learning.losses
    import pytorch_metric_learning.miners

    module = {"losses": pytorch_metric_learning.losses, "miners": pytorch_metric_learning.miners}[kind]
    classes = {key: value for key, value in vars(module).items() if isinstance(value, type)}
    if name not in classes:
        raise ValueError(unknown(kind.removesuffix("es") if kind == "losses" else "miner", name, classes))
    found: type[nn.Module] = classes[name]
    return found
