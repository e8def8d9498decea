"""Tiles: which values are hidden from the count."""

import numpy as np

from reseen.metrics.ranking.tiles import hide


def test_hide_takes_out_the_entries_of_ones_own_identity():
    rng = np.random.default_rng(0)
    values = rng.random((20, 50)).astype(np.float32)
    own, identities = rng.integers(-1, 12, size=20), rng.integers(-1, 9, size=50)
    expected = np.where(own[:, None] == identities, -np.inf, values)
    columns = np.argsort(identities, kind="stable")
    hide(values, own, identities=identities[columns], columns=columns)
    np.testing.assert_array_equal(values, expected)
