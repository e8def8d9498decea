"""A run's model, and the images of a table fed to it as the run's evaluation does."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric

from reseen.data.dataset import ImageDataset
from reseen.data.table import Split
from reseen.engine.embed import embed, embedded
from reseen.engine.hardware import one_device
from reseen.engine.run import Run
from reseen.explain.maps import ModelInputs
from reseen.metrics import Embedded
from reseen.models import EmbeddingModel
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.query_gallery import transform_for, visible_metadata
from reseen.tasks.reid.recipe import Recipe, recipe_of


@dataclass(frozen=True)
class RunModel:
    """A run's best model in evaluation mode, on ``fabric``'s device, and the recipe that says how to feed it."""

    model: EmbeddingModel
    recipe: Recipe
    fabric: Fabric

    def inputs(self, split: Split, rows: Sequence[int]) -> ModelInputs:
        """The images of some rows, with their cameras and views as far as the model may know them.

        PictureError names an image that cannot be read.
        """
        images = self._images(split)
        samples = [images[row] for row in rows]
        return ModelInputs(
            images=self.fabric.to_device(torch.stack([sample.image for sample in samples])),
            cameras=self.fabric.to_device(torch.tensor([sample.camera for sample in samples])),
            views=self.fabric.to_device(torch.tensor([sample.view for sample in samples])),
        )

    def embed(self, split: Split, *, progress: Progress = SILENT, description: str = "embed") -> Embedded:
        """The vectors of a whole table."""
        vectors = embed(
            self.model,
            self._images(split),
            fabric=self.fabric,
            batch_size=self.recipe.evaluation.batch_size,
            workers=0,
            progress=progress,
            description=description,
        )
        return embedded(split, vectors)

    def _images(self, split: Split) -> ImageDataset:
        told = visible_metadata(self.model, self.recipe)
        return ImageDataset(
            split,
            transform=transform_for(self.model, self.recipe),
            identity_names=(),
            camera_names=told.cameras,
            view_names=told.views,
        )


def load_run_model(run: Run) -> RunModel:
    """The run's best model. ReseenError: the run has no weights, or they are not weights of reseen."""
    fabric, model = one_device(), load_model(run.best_weights)
    fabric.to_device(model)
    return RunModel(model, recipe_of(run), fabric)
