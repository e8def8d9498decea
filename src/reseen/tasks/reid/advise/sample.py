"""Small samples of a data set, by identity: to score the untrained network on, and to compare query with gallery."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reseen.data.table import Split, Splits
from reseen.metrics import Protocol
from reseen.metrics.protocol import find_protocol
from reseen.tasks.reid.load import protocol_for
from reseen.tasks.reid.recipe import Recipe
from reseen.tasks.reid.validation import HELD_OUT, can_hold_out, hold_out, validation_rules

_EACH = 12
"""Images of one identity, at most, on either side; more only where identities are few."""


class Sample(NamedTuple):
    """Queries, a gallery, and the rules that rank it; ``on`` says which images these are."""

    query: Split
    gallery: Split
    rules: Protocol
    on: str

    @property
    def images(self) -> int:
        """Different images."""
        return len({*self.query.frame["path"], *self.gallery.frame["path"]})


def scored_sample(splits: Splits, recipe: Recipe, *, most: int, same_images: bool) -> Sample:
    """Of the training identities that would be held out, else of query and gallery."""
    if not can_hold_out(splits, recipe):
        return sample_of_test(splits, recipe, most=most, same_images=same_images)
    share = recipe.validation.identities or HELD_OUT
    held = hold_out(splits, recipe.filled({"validation.identities": share}))
    images = sampled(held.query, identities=_shuffled(held.query, recipe.seed), most=most)
    on = f"{_of(images, held.query)} held-out training identities"
    return Sample(images, images, validation_rules(recipe, held), on)


def sample_of_test(splits: Splits, recipe: Recipe, *, most: int, same_images: bool) -> Sample:
    """Of query and gallery, by the identities of the queries."""
    rules = find_protocol(protocol_for(recipe, splits))
    rules = replace(rules, same_pictures=rules.same_pictures or same_images)
    names = _shuffled(splits.query, recipe.seed)
    gallery = sampled(splits.gallery, identities=names, most=most if same_images else most // 2)
    found = names[np.isin(names, gallery.identities)]
    query = gallery if same_images else sampled(splits.query, identities=found, most=most // 2)
    return Sample(query, gallery, rules, f"{_of(query, splits.query)} identities of query and gallery")


def sampled(split: Split, *, identities: np.ndarray, most: int) -> Split:
    """Rows of these identities in turn, some of each, evenly through its rows, until ``most`` are taken."""
    each = max(_EACH, most // max(1, len(identities)))
    rows_of: dict[str, list[int]] = {}
    for row, identity in enumerate(split.identities.tolist()):
        rows_of.setdefault(identity, []).append(row)
    taken: list[int] = []
    for identity in identities.tolist():
        rows = rows_of.get(identity, [])
        rows = rows[:: max(1, -(-len(rows) // each))]
        if len(taken) + len(rows) > most:
            break
        taken += rows
    return split.rows(np.array(sorted(taken), dtype=np.int64))


def _shuffled(split: Split, seed: int) -> np.ndarray:
    names = np.array(split.identity_names, dtype=np.str_)
    return np.random.default_rng(seed).permutation(names)


def _of(images: Split, whole: Split) -> str:
    taken, total = len(images.identity_names), len(whole.identity_names)
    return f"{total}" if taken == total else f"{taken} of {total}"
