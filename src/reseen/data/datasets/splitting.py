"""Splits for data that brings none: half of the identities for training, the others for query and gallery.

A split is a function of the table's rows and the seed.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from reseen.data.table import Split
from reseen.errors import ReseenError

QUERY_SHARE = 0.2
"""The share of an identity's test images that become queries, as far as each keeps a match."""


def split_identities(split: Split, *, seed: int) -> tuple[Split, Split]:
    """Half of the identities (rounded down), drawn at random, for training; the others for testing."""
    names = split.identity_names
    if len(names) < 2:
        raise ReseenError(f"expected at least 2 identities, one to train with and one to test, got {len(names)}")
    chosen = np.random.default_rng([seed, 0]).permutation(len(names))[: len(names) // 2]
    in_train = np.isin(split.identities, np.array(names)[chosen])
    return split.rows(in_train), split.rows(~in_train)


def split_queries(test: Split, *, seed: int) -> tuple[Split, Split]:
    """Query and gallery out of the test images.

    Of each identity, about ``QUERY_SHARE`` of the images and at least one become queries, as long as every
    query keeps an image in the gallery from another camera, or from an unknown one. Other identities (one
    image, or one camera) stand in the gallery only. Raises ReseenError when no identity can have a query.
    """
    generator = np.random.default_rng([seed, 1])
    identities, cameras = test.identities, test.cameras
    is_query = np.zeros(len(test), dtype=bool)
    for name in test.identity_names:
        rows = generator.permutation(np.flatnonzero(identities == name))
        is_query[rows[_queries_among([str(camera) for camera in cameras[rows]])]] = True
    if not is_query.any():
        raise ReseenError(
            f"none of the {len(test.identity_names)} test identities can have a query:"
            " expected one with two images, from two cameras where cameras are known"
        )
    return test.rows(is_query), test.rows(~is_query)


def _queries_among(cameras: Sequence[str]) -> list[int]:
    """The places of one identity's images that become queries, by their cameras; "" is an unknown camera."""
    wanted = max(1, round(QUERY_SHARE * len(cameras)))
    gallery, query_cameras, queries = Counter(cameras), set[str](), list[int]()
    for place, camera in enumerate(cameras):
        if len(queries) == wanted:
            break
        gallery[camera] -= 1
        if all(_has_match(name, gallery) for name in query_cameras | {camera}):
            query_cameras.add(camera)
            queries.append(place)
        else:
            gallery[camera] += 1
    return queries


def _has_match(camera: str, gallery: Counter[str]) -> bool:
    same = gallery[camera] if camera else 0
    return gallery.total() > same
