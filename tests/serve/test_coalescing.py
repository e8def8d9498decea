"""Queries and records of many callers in few calls: each gets what it would have got alone."""

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.retrieval.record import Record
from reseen.serve import coalescing
from reseen.serve.coalescing import Adder, ConflictError, Query, search_together


@pytest.fixture
def calls(gallery, monkeypatch) -> dict[str, list[int]]:
    """How many queries or records each call of the gallery held."""
    counted: dict[str, list[int]] = {"search": [], "add": [], "compact_beside": []}

    def counting(name, real):
        def call(*given, **more):
            counted[name].append(len(given[0]) if given else 0)
            return real(*given, **more)

        return call

    for name in counted:
        monkeypatch.setattr(gallery, name, counting(name, getattr(gallery, name)))
    return counted


def test_queries_of_equal_options_share_a_call(gallery, calls):
    vectors = np.eye(5, gallery.embedder.width, dtype=np.float32)
    wishes = [{"k": 3}, {"k": 3, "cameras": ["gate 1"]}, {"k": 3}, {"k": 0}, {"k": 3, "cameras": ["gate 1"]}]
    found = search_together(gallery, [Query(vector, wish) for vector, wish in zip(vectors, wishes, strict=True)])
    assert sorted(calls["search"]) == [1, 2, 2]
    assert isinstance(found[3], ReseenError)
    for place in (0, 1, 2, 4):
        alone = gallery.search(vectors[place], **wishes[place])[0]
        assert [match.id for match in found[place]] == [match.id for match in alone]


def test_records_share_a_commit_and_no_bad_one_spoils_another(gallery, calls, image, encoded):
    images = [encoded(image(7, shot)) for shot in range(5)]
    records = [Record(picture=data, identity=f"new {place}") for place, data in enumerate(images)]
    records[1] = Record(picture=b"no image", identity="bad")
    records[2] = Record(picture=images[2], fields={"lane": "left"})
    records[3] = Record(picture=images[3], fields={"lane": 4.0})
    results = Adder(gallery)(records)
    assert calls["add"] == [3, 1, 1]
    assert "not an image" in str(results[1])
    assert isinstance(results[2], ConflictError)
    assert [len(results[place]) for place in (0, 3, 4)] == [32, 32, 32]
    assert len(gallery) == 27
    again = Adder(gallery)([records[0], records[0]])
    assert again == [results[0], results[0]]


def test_the_gallery_is_compacted_after_many_commits(gallery, calls, image, encoded, monkeypatch):
    monkeypatch.setattr(coalescing, "_COMMITS_TO_COMPACT", 3)
    adder = Adder(gallery)
    for shot in range(8):
        adder([Record(picture=encoded(image(8, shot)))])
    assert len(calls["compact_beside"]) == 2
    assert len(gallery) == 32
