"""Losses by name: each computes one number from an Output and the labels."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import nn

from reseen.losses.attributes import attributes
from reseen.losses.by_identity import centre, circle_softmax
from reseen.losses.cross_entropy import cross_entropy
from reseen.losses.distillation import distillation
from reseen.losses.metric_learning import (
    arcface,
    circle,
    contrastive,
    cosface,
    metric_learning,
    multi_similarity,
    proxy_anchor,
    proxy_nca,
    supcon,
)
from reseen.losses.pairs import compares_pairs, does_compare_pairs
from reseen.losses.prototypes import prototypes
from reseen.losses.self_distillation import SELF_DISTILLATION, self_distillation
from reseen.losses.texts import image_to_text
from reseen.losses.triplet import triplet, triplet_soft
from reseen.losses.weighted_sum import LossTerms, WeightedSum

__all__ = ["LOSSES", "SELF_DISTILLATION", "LossTerms", "WeightedSum", "compares_pairs", "does_compare_pairs"]

LOSSES: Mapping[str, Callable[..., nn.Module]] = MappingProxyType(
    {
        "arcface": arcface,
        "attributes": attributes,
        "centre": centre,
        "circle": circle,
        "circle_softmax": circle_softmax,
        "contrastive": contrastive,
        "cosface": cosface,
        "cross_entropy": cross_entropy,
        "distillation": distillation,
        "image_to_text": image_to_text,
        "metric_learning": metric_learning,
        "multi_similarity": multi_similarity,
        "prototypes": prototypes,
        "proxy_anchor": proxy_anchor,
        "proxy_nca": proxy_nca,
        "self_distillation": self_distillation,
        "supcon": supcon,
        "triplet": triplet,
        "triplet_soft": triplet_soft,
    }
)
"""Name -> factory(**settings) of a module (Output, labels (B,)) -> scalar.

A factory may also have the parameters ``num_identities`` (of training), ``width`` (channels of one branch),
``identity_attributes`` and ``epoch_steps`` (batches of an epoch). If its loss compares the images of a batch, it is
marked with ``compares_pairs``. The losses arcface, attributes, centre, circle_softmax, cosface, proxy_anchor, proxy_nca
and self_distillation have weights of their own, which the optimiser must receive.
"""
