"""Public functions of evaluation take torch tensors, and give what they give for the same numbers in arrays."""

import numpy as np
import pytest
import torch

from reseen.errors import ReseenError
from reseen.metrics import (
    Embedded,
    KReciprocal,
    evaluate,
    expand_gallery,
    expand_query,
    interval,
    k_reciprocal,
    rankings,
)

KINDS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]


def drawn(count: int, kind: torch.dtype) -> torch.Tensor:
    """Vectors as a network gives them: half precision perhaps, and with a gradient."""
    return (
        torch.randn(count, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(count))
        .to(kind)
        .requires_grad_()
    )


def plain(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().to(torch.float64 if tensor.dtype == torch.float64 else torch.float32).numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_re_ranking_and_expansion_take_tensors(kind):
    query, gallery = drawn(5, kind), drawn(12, kind)
    both, arrays = (query, gallery), (plain(query), plain(gallery))
    np.testing.assert_array_equal(k_reciprocal(*both, k1=4, k2=2), k_reciprocal(*arrays, k1=4, k2=2))
    np.testing.assert_array_equal(expand_query(*both, top=3), expand_query(*arrays, top=3))
    np.testing.assert_array_equal(expand_gallery(gallery, top=3), expand_gallery(arrays[1], top=3))
    blocks = [KReciprocal(k1=4, k2=2).blocks(*sides, queries=np.arange(5)) for sides in (both, arrays)]
    np.testing.assert_array_equal(*(next(found).similarity for found in blocks))


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_takes_tensors_of_vectors_and_labels(kind):
    vectors, identities, cameras = drawn(12, kind), torch.arange(12) // 4, torch.arange(12, dtype=torch.int32) % 3
    ours = Embedded(vectors, identities, cameras=cameras)
    theirs = Embedded(plain(vectors), identities.numpy(), cameras=cameras.numpy())
    report = evaluate(ours, ours)
    assert report.scores() == evaluate(theirs, theirs).scores()
    assert interval(report, identities, seed=1) == interval(report, identities.numpy(), seed=1)
    assert rankings(ours, ours, queries=torch.tensor([3, 1])).queries.tolist() == [3, 1]


def test_a_bad_tensor_is_refused_in_the_words_for_an_array():
    whole, good = torch.ones(3, 2, dtype=torch.int64), torch.ones(3, 2)
    with pytest.raises(ReseenError, match="query vectors: expected float32 or float64, got int64"):
        k_reciprocal(whole, good, k1=1, k2=1)
    with pytest.raises(ReseenError, match="1 of 3 gallery vectors are not finite"):
        expand_query(good, torch.tensor([[1.0, 2.0], [torch.inf, 1.0], [1.0, 1.0]]), top=1)
    with pytest.raises(ReseenError, match="identities: expected whole numbers or text, got float32"):
        Embedded(good, torch.ones(3))
