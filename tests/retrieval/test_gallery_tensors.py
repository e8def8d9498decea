"""A gallery takes the tensors that networks give, as records' vectors and as queries."""

import numpy as np
import pytest
import torch

from plain_embedder import PlainEmbedder
from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

VECTORS = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def gallery(tmp_path):
    made = Gallery(tmp_path / "gallery", model=GalleryModel("drawn", 5), create=True)
    made.add([Record(vector=vector, reference=str(row)) for row, vector in enumerate(VECTORS.clone().requires_grad_())])
    return made


@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_a_search_by_a_tensor_finds_what_one_by_an_array_finds(gallery, kind):
    queries = VECTORS.clone().to(kind).requires_grad_()
    found, expected = gallery.search(queries, k=3), gallery.search(queries.detach().float().numpy(), k=3)
    assert [matches[0].picture for matches in found] == ["0", "1", "2", "3", "4", "5"]
    assert [[match[:2] for match in matches] for matches in found] == [[match[:2] for match in m] for m in expected]
    assert gallery.search(queries[4], k=1)[0][0].picture == "4"


def test_a_vector_is_the_same_record_whatever_holds_it(gallery):
    again = [Record(vector=vector, reference=str(row)) for row, vector in enumerate(VECTORS.numpy())]
    assert gallery.add(again).present == 6


def test_a_tensor_of_another_width_is_refused_in_one_line(gallery):
    with pytest.raises(ReseenError, match=r"expected vectors as \(N, 5\), got 6 x 3"):
        gallery.search(VECTORS[:, :3])


def test_a_tensor_of_pixels_is_a_image(tmp_path):
    gallery = Gallery(tmp_path / "pictures", embedder=PlainEmbedder(), create=True)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    gallery.add(pixels)
    assert gallery.search(torch.from_numpy(pixels), k=1)[0][0].similarity == pytest.approx(1)
