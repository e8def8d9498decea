"""Held-out training identities, on which epochs and the network that is handed over are chosen.

Query and gallery of the test are then scored once, at the end. Each held-out image is a query, and all others are its
gallery, under the rules of the test.
"""

from dataclasses import replace

import numpy as np

from reseen.data.table import Split, Splits
from reseen.errors import ReseenError
from reseen.metrics import Protocol
from reseen.metrics.protocol import find_protocol
from reseen.tasks.reid.load import protocol_for
from reseen.tasks.reid.recipe import Recipe

HELD_OUT = 0.2
"""The share of training identities that is held out where a recipe leaves it to the data."""
FEWEST_IDENTITIES = 8
"""With fewer training identities none can be spared."""
_LEAST_HELD, _MOST_HELD = 3, 500
"""Identities: fewer tell nothing, and more only take time."""


def hold_out(splits: Splits, recipe: Recipe) -> Splits:
    """The data with some training identities apart: they are query and gallery, and no longer train.

    Raises ReseenError where too few identities could be matched. The same seed holds out the same identities.
    """
    identities = _matchable(splits.train, _rules_of_test(recipe, splits))
    wanted = held_count(len(splits.train.identity_names), share=recipe.validation.identities)
    if len(splits.train.identity_names) < FEWEST_IDENTITIES or len(identities) < wanted:
        raise ReseenError(
            f"validation.identities: expected at least {FEWEST_IDENTITIES} training identities, and {wanted} of them "
            f"with images that match another, got {len(splits.train.identity_names)} and {len(identities)}; set it to "
            "0 to train on all, and evaluation.every to 0 so that the last epoch is kept"
        )
    generator = np.random.default_rng([recipe.seed, len(identities)])
    held = generator.choice(identities, wanted, replace=False)
    apart = np.isin(splits.train.identities, held)
    rest, held_out = splits.train.rows(~apart), splits.train.rows(apart)
    return splits._replace(train=rest, query=held_out, gallery=held_out)


def can_hold_out(splits: Splits, recipe: Recipe) -> bool:
    """Whether enough training identities have images that match another."""
    total = len(splits.train.identity_names)
    matchable = _matchable(splits.train, _rules_of_test(recipe, splits))
    return total >= FEWEST_IDENTITIES and len(matchable) >= held_count(total, share=HELD_OUT)


def held_count(identities: int, *, share: float) -> int:
    """How many of the training identities are held out.

    >>> held_count(15, share=0.2), held_count(100_000, share=0.2)
    (3, 500)
    """
    return min(max(round(identities * share), _LEAST_HELD), _MOST_HELD)


def validation_rules(recipe: Recipe, held_out: Splits) -> Protocol:
    """The test's rules for images that are query and gallery at once.

    Where every held-out identity has one camera only, images of the same camera count.
    """
    rules = _rules_of_test(recipe, held_out)
    across = rules.drop_same_camera and _several_cameras(held_out.query).any()
    return replace(
        rules,
        name=f"{rules.name}, held-out identities",
        drop_same_camera=bool(across),
        same_pictures=True,
        tracks=False,
        shots=None,
        trials=1,
    )


def _rules_of_test(recipe: Recipe, splits: Splits) -> Protocol:
    return find_protocol(protocol_for(recipe, splits))


def _matchable(train: Split, rules: Protocol) -> np.ndarray:
    """The training identities whose images have a match: in another camera, if the rules want it and any has one."""
    names, counts = np.unique(train.identities, return_counts=True)
    names = names[(counts > 1) & ~np.isin(names, rules.junk)]
    several = np.isin(names, np.unique(train.identities[_several_cameras(train)]))
    return names[several] if rules.drop_same_camera and several.any() else names


def _several_cameras(split: Split) -> np.ndarray:
    """(N,) bool: whether an image's identity is known from more than one camera."""
    pairs = {(identity, camera) for identity, camera in zip(split.identities, split.cameras, strict=True) if camera}
    identities, counts = np.unique(np.array([identity for identity, _ in pairs], dtype=np.str_), return_counts=True)
    return np.isin(split.identities, identities[counts > 1])
