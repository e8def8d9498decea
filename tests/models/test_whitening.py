"""PCA whitening: the learned layer against numpy's covariance, its bounds, and its place in a single-branch model."""

import numpy as np
import pytest
import torch
from torch import nn

from reseen.backbones import build_backbone
from reseen.errors import ReseenError
from reseen.models import Whitening, learn_whitening
from reseen.models.embedder import single_branch

SIZE = (64, 32)


def stretched(count: int = 200, channels: int = 6) -> torch.Tensor:
    return torch.randn(count, channels) * torch.tensor([9.0, 5.0, 3.0, 2.0, 1.0, 0.5])[:channels] + 1


def layer(vectors: torch.Tensor, **settings: float) -> Whitening:
    learned = learn_whitening(vectors, **settings)
    whitening = Whitening(vectors.shape[1], width=learned.projection.shape[1])
    whitening.load_state_dict(learned._asdict())
    return whitening


def test_without_shrinkage_the_learned_vectors_have_unit_variance_and_no_correlation() -> None:
    vectors = stretched()
    whitened = layer(vectors, width=4, shrinkage=0)(vectors).numpy()
    np.testing.assert_allclose(whitened.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(4), atol=1e-4)


def test_a_whitening_is_numpys_eigenvectors_over_shrunk_deviations() -> None:
    vectors = stretched()
    unit = vectors.double().numpy() / np.linalg.norm(vectors.double().numpy(), axis=1, keepdims=True)
    values, directions = np.linalg.eigh(np.cov(unit.T))
    shrunk = 0.7 * values + 0.3 * values.mean()
    expected = (unit - unit.mean(axis=0)) @ directions[:, ::-1][:, :3] / np.sqrt(shrunk[::-1][:3])
    got = layer(vectors, width=3, shrinkage=0.3)(vectors).numpy()
    np.testing.assert_allclose(np.abs(got), np.abs(expected), atol=1e-4)  # an eigenvector's sign is arbitrary


def test_the_length_of_a_vector_does_not_change_its_whitened_vector() -> None:
    whitening = layer(stretched(), width=3)
    some = stretched(5)
    torch.testing.assert_close(whitening(7 * some), whitening(some))


def test_vectors_that_are_all_alike_give_finite_numbers() -> None:
    whitening = layer(torch.ones(10, 4), width=2)
    assert torch.isfinite(whitening(torch.ones(3, 4))).all()


def test_with_all_shrinkage_vectors_are_only_centred() -> None:
    vectors = stretched()
    unit = nn.functional.normalize(vectors, dim=1)
    centred = layer(vectors, width=6, shrinkage=1)(vectors)
    expected = nn.functional.cosine_similarity(unit[:1] - unit.mean(dim=0), unit - unit.mean(dim=0))
    torch.testing.assert_close(nn.functional.cosine_similarity(centred[:1], centred), expected, atol=1e-5, rtol=0)


def test_directions_that_few_vectors_do_not_span_are_kept() -> None:
    whitening = layer(stretched(3), width=6)
    assert torch.linalg.matrix_rank(whitening.projection) == 6


@pytest.mark.parametrize("width", [0, 9])
def test_a_width_beyond_the_channels_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match=rf"width: expected 1 to 8 for vectors of 8, got {width}"):
        learn_whitening(torch.randn(6, 8), width=width)


def test_a_single_vector_is_refused() -> None:
    with pytest.raises(ValueError, match="vectors: expected at least 2, got 1"):
        learn_whitening(torch.randn(1, 8), width=4)


@pytest.mark.parametrize("embedding", ["necked", "pooled"])
def test_a_model_compares_the_vector_that_it_says_whitened_if_it_says_so(embedding: str) -> None:
    backbone = build_backbone("resnet18", image_size=SIZE)
    plain = single_branch(backbone, num_identities=3, embedding=embedding).eval()
    plain.neck.norm.running_mean.uniform_(-1, 1)
    whitened = single_branch(backbone, num_identities=3, embedding=embedding, whitening=4).eval()
    whitened.neck.load_state_dict(plain.neck.state_dict())
    nn.init.normal_(whitened.whitening.projection)
    images = torch.randn(3, 3, *SIZE)
    output = plain(images)
    assert torch.equal(output.embedding, getattr(output, embedding)[0])
    assert not torch.equal(output.pooled[0], output.necked[0])
    unit = output.embedding / output.embedding.norm(dim=1, keepdim=True)
    torch.testing.assert_close(whitened(images).embedding, unit @ whitened.whitening.projection)
    assert (plain.width, plain.channels, whitened.width, whitened.channels) == (512, 512, 4, 512)


def test_a_whitening_wider_than_the_backbone_is_refused_in_one_line() -> None:
    backbone = build_backbone("resnet18", image_size=SIZE)
    with pytest.raises(ReseenError, match=r"model.whitening.width: expected at most the 512 channels .* got 513"):
        single_branch(backbone, num_identities=None, whitening=513)
