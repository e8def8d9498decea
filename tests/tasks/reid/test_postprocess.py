"""Camera means, expansion and re-ranking: done in the order that is said, and said beside the score."""

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.metrics import Embedded, KReciprocal, PartAreas, evaluate, expand_gallery, expand_query, without_camera_bias
from reseen.metrics.protocol import PROTOCOLS
from reseen.tasks.reid.postprocess import Expansion, Postprocessing, require_fit, score
from reseen.tasks.reid.query_gallery import QueryGallery

MARKET = PROTOCOLS["market1501"]
EVERYTHING = Postprocessing(True, Expansion(2), Expansion(3, alpha=1.0), KReciprocal(5, 2))


@pytest.fixture
def sides() -> QueryGallery:
    """Query and gallery of 8 identities in 4 cameras, two gallery entries being junk."""
    generator = np.random.default_rng(3)
    identities, cameras = np.repeat(np.arange(8), 4), np.tile(np.arange(4), 8)
    vectors = generator.normal(size=(8, 6))[identities] + generator.normal(size=(32, 6))
    junk = np.where(np.arange(16) < 2, -1, identities[1::2])
    return QueryGallery(
        Embedded(vectors[::2], identities[::2], cameras=cameras[::2]),
        Embedded(vectors[1::2], junk, cameras=cameras[1::2]),
    )


def test_each_step_takes_what_the_one_before_has_made(sides) -> None:
    found = score(sides, protocol=MARKET, postprocessing=EVERYTHING)
    query, gallery = sides.query, sides.gallery.rows(np.arange(2, 16))
    query, gallery = without_camera_bias(query, reference=gallery), without_camera_bias(gallery)
    entries = expand_gallery(gallery.vectors, top=2)
    asked = expand_query(query.vectors, entries, top=3, alpha=1.0)
    expected = evaluate(
        Embedded(asked, query.identities, query.cameras),
        Embedded(entries, gallery.identities, gallery.cameras),
        rerank=KReciprocal(5, 2),
    )
    np.testing.assert_array_equal(found.average_precisions, expected.average_precisions)
    assert found.settings == (
        f"{expected.settings}, camera means taken out, gallery expanded (2 neighbours, alpha 0), "
        "queries expanded (3 neighbours, alpha 1)"
    )


def test_nothing_asked_is_the_plain_score(sides) -> None:
    assert score(sides, protocol=MARKET).as_dict() == evaluate(*sides).as_dict()
    assert Postprocessing().describe() == []


def test_junk_counts_for_no_neighbour(sides) -> None:
    require_fit(sides, protocol=MARKET, postprocessing=Postprocessing(expand=Expansion(14)))
    with pytest.raises(ReseenError, match="top: expected 1 to 14"):
        require_fit(sides, protocol=MARKET, postprocessing=Postprocessing(expand=Expansion(15)))


@pytest.mark.parametrize(("neighbours", "alpha", "message"), [(0, 0.0, "at least 1"), (1, -1.0, "alpha: expected 0")])
def test_an_expansion_out_of_bounds_is_refused(neighbours, alpha, message) -> None:
    with pytest.raises(ReseenError, match=message):
        Expansion(neighbours, alpha)


def test_parts_by_area_need_embeddings_as_they_are(sides) -> None:
    changed = Postprocessing(expand=Expansion(1), rerank=PartAreas(parts=2))
    message = "distance of 2 parts by area: expected embeddings as the network gives them, got them with queries exp"
    with pytest.raises(ReseenError, match=message):
        require_fit(sides, protocol=MARKET, postprocessing=changed)
    require_fit(sides, protocol=MARKET, postprocessing=Postprocessing(rerank=PartAreas(parts=2)))
