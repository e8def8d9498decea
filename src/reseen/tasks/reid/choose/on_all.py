"""The choice carried over to a last training on all identities: the same average, the same kind of head."""

import copy
from collections.abc import Sequence

from lightning_fabric import Fabric
from torch import Tensor

from reseen.data.table import Split
from reseen.engine.averages import averaged
from reseen.engine.checkpoint import load_card, save_weights
from reseen.engine.run import Run
from reseen.models import EmbeddingModel, SingleBranchEmbedder, load_weights
from reseen.progress import Progress
from reseen.tasks.reid.choose.beside import Chosen, trained_tensors, with_attributes
from reseen.tasks.reid.choose.candidates import APART, sample_of
from reseen.tasks.reid.choose.choice import Choice
from reseen.tasks.reid.choose.handover import with_head
from reseen.tasks.reid.choose.heads import Head, as_compared, heads_of
from reseen.tasks.reid.choose.vectors import embed_before_head
from reseen.tasks.reid.recipe import Recipe


def hand_over_on_all(
    run: Run,
    last: Run,
    untrained: EmbeddingModel,
    *,
    choice: Choice,
    train: Split,
    recipe: Recipe,
    fabric: Fabric,
    progress: Progress,
) -> None:
    """Write the last training's network, averaged and with a head as chosen, as the best weights of ``run``.

    ``untrained``: the model before the last training. ``train``: all training images, from which the head is learned
    anew.
    """
    candidate = choice.chosen.candidate

    def embed(split: Split) -> Tensor:
        return embed_before_head(
            model, split, recipe, fabric=fabric, progress=progress, description="embed training images"
        )

    def heads(model: EmbeddingModel) -> Sequence[Head]:
        if not isinstance(model, SingleBranchEmbedder):
            return as_compared()
        return heads_of(model.neck, embed(sample_of(train)), trained=candidate.share == 1)

    start = {name: tensor.detach().cpu() for name, tensor in untrained.state_dict().items()}
    trained = trained_tensors(last.best_weights)
    tensors = averaged(start, trained.model, share=candidate.share, apart=APART)
    model = copy.deepcopy(untrained).eval()
    fabric.to_device(model)
    load_weights(model, tensors)
    head = next(head for head in heads(model) if head.name == candidate.head)
    card = with_head(load_card(last.best_weights), head, score=choice.chosen.mean_average_precision)
    if isinstance(model, SingleBranchEmbedder):
        load_weights(model, {**tensors, **{name: head.tensors[name] for name in head.tensors if name in tensors}})
    chosen = with_attributes(
        Chosen({**tensors, **head.tensors}, card),
        model,
        share=candidate.share,
        trained=trained,
        sample=sample_of(train),
        embed=embed,
    )
    save_weights(run.best_weights, chosen.tensors, chosen.card)
