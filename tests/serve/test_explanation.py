"""What matched: both images under maps where the network can tell, one line where it cannot."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from reseen.deploy.facts import LoadedNetwork
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.gallery import Gallery
from reseen.serve.app import create_app
from reseen.serve.explanation import EXPORTS_CANNOT, MatchExplainer

IMAGES = ("query", "query_map", "match", "match_map")


def opened(url: str) -> Image.Image:
    head, data = url.split(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(BytesIO(base64.b64decode(data)))


@pytest.fixture
def ids(gallery: Gallery) -> list[str]:
    """Two records."""
    return [match.id for match in gallery.search(np.eye(1, gallery.embedder.width)[0], k=2)[0]]


def test_the_match_of_an_image_and_a_record_is_explained(client, gallery, image, encoded, ids):
    drawn = image(2, 9)
    told = client.post(f"/records/{ids[0]}/explanation?box=2,2,30,30", content=encoded(drawn)).json()
    thumbnail = Image.open(BytesIO(gallery.thumbnail(ids[0])))
    query, match = gallery.embedder([drawn.crop((2, 2, 30, 30)), thumbnail])
    assert told["similarity"] == pytest.approx(float(query @ match), abs=1e-5)
    images = [opened(told[name]) for name in IMAGES]
    assert [one.size for one in images] == [(28, 28), (28, 28), (32, 32), (32, 32)]
    for plain, under in (images[:2], images[2:]):
        assert np.abs(np.asarray(plain).astype(int) - np.asarray(under)).max() > 30, "a map lies over it"


def test_two_records_are_explained_and_the_network_is_left_alone(client, gallery, ids):
    before = gallery.embedder(Image.new("RGB", (32, 32), (90, 20, 30)))
    told = client.get(f"/records/{ids[0]}/explanation?query={ids[1]}").json()
    query, match = gallery.embedder([Image.open(BytesIO(gallery.thumbnail(id))) for id in (ids[1], ids[0])])  # noqa: A001
    assert told["similarity"] == pytest.approx(float(query @ match), abs=1e-5)
    np.testing.assert_array_equal(before, gallery.embedder(Image.new("RGB", (32, 32), (90, 20, 30))))


def test_a_service_that_cannot_explain_says_why_in_one_line(gallery, image, encoded, ids):
    with TestClient(create_app(gallery), base_url="http://localhost") as asking:
        assert asking.get("/gallery").json()["explains"] == EXPORTS_CANNOT
        for answer in (
            asking.post(f"/records/{ids[0]}/explanation", content=encoded(image(0, 0))),
            asking.get(f"/records/{ids[0]}/explanation?query={ids[1]}"),
        ):
            assert (answer.status_code, answer.json()) == (400, {"detail": EXPORTS_CANNOT})


def test_only_a_network_of_pytorch_can_be_explained(loaded: LoadedNetwork):
    embedder = Embedder(loaded)
    assert MatchExplainer(embedder, loaded.network).reason != EXPORTS_CANNOT
    assert MatchExplainer(embedder, lambda images: images).reason == EXPORTS_CANNOT
