"""Weights between those before and after a training, as candidates of what a run hands over.

They often do better on data unlike the training data: Wortsman et al., "Robust fine-tuning of zero-shot models"
(WiSE-FT), CVPR 2022.
"""

from collections.abc import Collection, Mapping

from torch import Tensor

from reseen.engine.checkpoint import load_card
from reseen.engine.run import Run
from reseen.files import write_bytes

SHARES = (0.0, 1.0, 0.5, 0.75, 0.25)
"""Shares of the trained weights in a candidate's, from the simplest on: untrained, trained, averages of both."""


def averaged(
    untrained: Mapping[str, Tensor], trained: Mapping[str, Tensor], *, share: float, apart: Collection[str] = ()
) -> dict[str, Tensor]:
    """The weights with so large a ``share`` of the trained ones, statistics of batch norms included.

    Counters are the trained ones, unless nothing is trained, and so are the parts of the network that stand ``apart``,
    such as a neck that begins as nothing.

    >>> import torch
    >>> averaged({"a": torch.tensor(0.0)}, {"a": torch.tensor(8.0)}, share=0.25)
    {'a': tensor(2.)}
    """
    if share in {0.0, 1.0}:
        return dict(trained if share else untrained)
    return {
        name: untrained[name].lerp(tensor, share)
        if tensor.is_floating_point() and not {*apart} & {*name.split(".")}
        else tensor
        for name, tensor in trained.items()
    }


def weights_in_words(share: float) -> str:
    """Weights with so large a share of the trained ones.

    >>> weights_in_words(0.25)
    'average of 25% trained and 75% untrained'
    """
    if share in {0.0, 1.0}:
        return "trained" if share else "untrained"
    return f"average of {share:.0%} trained and {1 - share:.0%} untrained"


def keep_trained(run: Run) -> None:
    """Keep the training's best weights under their own name: the other name is soon the chosen network's."""
    if not run.trained_weights.exists():
        load_card(run.best_weights)
        write_bytes(run.trained_weights, run.best_weights.read_bytes())
