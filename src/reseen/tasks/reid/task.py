"""Re-identification as a task of the engine."""

from pathlib import Path
from types import MappingProxyType

from lightning_fabric import Fabric
from torch import nn

from reseen.data.table import Splits
from reseen.engine.checkpoint import Card
from reseen.engine.task import Taken, Task
from reseen.progress import Progress
from reseen.tasks.reid.build import build_pieces, resolved
from reseen.tasks.reid.load import take_in
from reseen.tasks.reid.recipe import Recipe
from reseen.tasks.reid.scoring import score_model


def _take_in(data: Path, recipe: Recipe, *, fabric: Fabric, progress: Progress) -> Taken[Splits]:
    return Taken(*take_in(data, recipe, fabric=fabric, progress=progress))


def _all_trained(recipe: Recipe) -> bool:
    """Without a loss on logits the classifier learns nothing, and nor does the neck of a branch for triplets."""
    return not recipe.model.branches and "cross_entropy" in recipe.losses


def _score(model: nn.Module, splits: Splits, recipe: Recipe, *, fabric: Fabric, progress: Progress) -> dict[str, float]:
    return score_model(model, splits, recipe, fabric=fabric, progress=progress, name="validate").report.scores()


def _card(recipe: Recipe, splits: Splits, *, score: float) -> Card:
    return Card(
        recipe=recipe.model_dump(mode="json"),
        num_identities=len(splits.train.identity_names),
        score=score,
        camera_names=splits.train.camera_names,
        view_names=splits.train.view_names,
    )


REIDENTIFICATION: Task[Recipe, Splits] = Task(
    schema=Recipe,
    resolved=resolved,
    all_trained=_all_trained,
    take_in=_take_in,
    build=build_pieces,
    score=_score,
    card=_card,
    told=MappingProxyType({"mAP": "mAP", "rank1": "rank-1"}),
)
"""Query and gallery ranked under the data's protocol; the best mAP is kept."""
