"""Re-identification as a task of the engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from lightning_fabric import Fabric
from torch import nn

from reseen.data.table import Splits
from reseen.engine.checkpoint import Card
from reseen.engine.pretrained import resolved_to_train
from reseen.engine.task import Prepared, TrainingData
from reseen.errors import ReseenError
from reseen.progress import Progress
from reseen.tasks.reid.components import build_components, classified_attributes
from reseen.tasks.reid.crop_learner import CropLearner
from reseen.tasks.reid.first_stage import first_stage, text_parts
from reseen.tasks.reid.learner import Learner
from reseen.tasks.reid.load import load_data
from reseen.tasks.reid.options import EvaluationOptions
from reseen.tasks.reid.prepare import prepare
from reseen.tasks.reid.recipe import IMAGE_TO_TEXT, Recipe
from reseen.tasks.reid.scoring import score_model
from reseen.tasks.reid.validation import validation_rules


@dataclass(frozen=True)
class Reidentification:
    """Query and gallery ranked under the data's protocol; the weights of the best mAP are saved.

    ``held_out_trains``: identities that are held out to score epochs on are trained on all the same.
    """

    held_out_trains: bool = False

    recipe_type: ClassVar[type[Recipe]] = Recipe
    metrics: ClassVar[Mapping[str, str]] = MappingProxyType({"mAP": "mAP", "rank1": "rank-1"})
    monitor: ClassVar[str] = "mAP"
    load_data = staticmethod(load_data)
    build = staticmethod(build_components)

    def resolve(self, recipe: Recipe) -> Recipe:
        """Mean and std from the start weights, which must be at hand, and so must all that a first stage needs.

        Without start weights there is no first stage. ReseenError for a whitening, which no training learns.
        """
        if recipe.model.whitening is not None:
            raise ReseenError(
                "model.whitening: expected none in a recipe to train, since it is learned once a training is done; "
                "leave it out"
            )
        recipe = resolved_to_train(recipe)
        if recipe.texts is not None and (not recipe.texts.learn or recipe.model.weights == "none"):
            recipe = recipe.without_texts()
        if recipe.learns_texts:
            text_parts(recipe, identities=1)
        return recipe

    def prepare(
        self, recipe: Recipe, loaded: TrainingData[Splits], *, fabric: Fabric, progress: Progress
    ) -> Prepared[Recipe, Splits]:
        """Choose the automatic settings, and hold identities out."""
        if recipe.model.head is not None and recipe.model.head["name"] == "clip" and IMAGE_TO_TEXT not in recipe.losses:
            progress.say("no first stage: the network trains without texts")
        return prepare(recipe, loaded, fabric=fabric, progress=progress, held_out_trains=self.held_out_trains)

    def begin(
        self, recipe: Recipe, data: Splits, learner: nn.Module, /, *, folder: Path, fabric: Fabric, progress: Progress
    ) -> None:
        """Learn the texts that the recipe's loss against texts needs, if it has one."""
        assert isinstance(learner, Learner | CropLearner), "the task's own"
        first_stage(recipe, data.train, learner.losses, folder=folder, fabric=fabric, progress=progress)

    def every_parameter_used(self, recipe: Recipe) -> bool:
        """Without a loss on logits the classifier gets no gradient, nor does the neck of a branch for triplets."""
        return not recipe.model.branches and "cross_entropy" in recipe.losses

    def scored_images(self, recipe: Recipe, data: Splits) -> int:
        """Query and gallery, and with ``flip`` the mirror image of each."""
        return (len(data.query) + len(data.gallery)) * (2 if recipe.evaluation.flip else 1)

    def score(
        self, model: nn.Module, data: Splits, recipe: Recipe, *, fabric: Fabric, progress: Progress
    ) -> dict[str, float]:
        """Rank the gallery for the queries: of the held-out identities, or of the test where none is held out."""
        rules = validation_rules(recipe, data) if recipe.validation.identities else None
        options = EvaluationOptions(protocol=rules)
        return score_model(
            model, data, recipe, fabric=fabric, progress=progress, name="validate", options=options
        ).report.scores()

    def card(self, recipe: Recipe, data: Splits, *, score: float) -> Card:
        """The recipe, and the training set's identities, cameras, views and the attributes that are classified."""
        return Card(
            recipe=recipe.on_card(),
            num_identities=len(data.train.identity_names),
            score=score,
            camera_names=data.train.camera_names,
            view_names=data.train.view_names,
            attributes=classified_attributes(recipe, data.train),
        )


REIDENTIFICATION = Reidentification()
