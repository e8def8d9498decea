"""Memory is foretold before an evaluation, compared with what there is, and refused where that is less."""

import pytest

from reseen.errors import ReseenError
from reseen.metrics import KReciprocal, predict_memory
from reseen.metrics.protocol import PROTOCOLS
from reseen.progress import Silent
from reseen.tasks.reid import memory
from reseen.tasks.reid.memory import predict, require_memory
from reseen.tasks.reid.postprocess import PLAIN, Expansion, Postprocessing

MARKET = PROTOCOLS["market1501"]
MSMT17 = (11_659, 82_161, 512)


def test_a_plain_evaluation_takes_what_the_metrics_say() -> None:
    assert predict(*MSMT17, protocol=MARKET, postprocessing=PLAIN) == predict_memory(*MSMT17) < 1e9


@pytest.mark.parametrize(
    "postprocessing",
    [Postprocessing(rerank=KReciprocal()), Postprocessing(expand=Expansion(5)), Postprocessing(camera_bias=True)],
)
def test_refinements_take_more_and_grow_with_the_images(postprocessing) -> None:
    small, large = (predict(n, 7 * n, 512, protocol=MARKET, postprocessing=postprocessing) for n in (10_000, 20_000))
    assert predict_memory(10_000, 70_000, 512) < small < large < 2.2 * small, "never with queries times gallery"
    assert predict(*MSMT17, protocol=MARKET, postprocessing=postprocessing) < 8e9


def test_too_little_memory_stops_before_anything_is_computed(monkeypatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000_000)
    options = {"postprocessing": Postprocessing(rerank=KReciprocal()), "progress": Silent()}
    require_memory(9_000_000, vectors=5_000_000, embedded=True, **options)
    with pytest.raises(ReseenError, match=r"about 9 MB .* 10 MB are available: evaluate without re-ranking"):
        require_memory(9_000_000, vectors=5_000_000, embedded=False, **options)
