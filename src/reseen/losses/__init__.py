"""Losses by name: each takes an Output and the labels and gives one number."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import nn

from reseen.losses.cross_entropy import cross_entropy
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
from reseen.losses.triplet import triplet, triplet_soft
from reseen.losses.weighted_sum import LossTerms, WeightedSum

__all__ = ["LOSSES", "LossTerms", "WeightedSum", "compares_pairs", "does_compare_pairs"]

LOSSES: Mapping[str, Callable[..., nn.Module]] = MappingProxyType(
    {
        "arcface": arcface,
        "circle": circle,
        "contrastive": contrastive,
        "cosface": cosface,
        "cross_entropy": cross_entropy,
        "metric_learning": metric_learning,
        "multi_similarity": multi_similarity,
        "proxy_anchor": proxy_anchor,
        "proxy_nca": proxy_nca,
        "supcon": supcon,
        "triplet": triplet,
        "triplet_soft": triplet_soft,
    }
)
"""Name -> factory(**settings) of a module (Output, labels (B,)) -> scalar.

A factory may also name ``num_identities`` (of training) and ``width`` (channels of one branch). One whose loss compares
images of a batch is marked with ``compares_pairs``. A loss with weights of its own
(arcface, cosface, proxy_anchor, proxy_nca) has parameters, which the optimiser must be given.
"""
