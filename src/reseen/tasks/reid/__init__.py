"""Re-identification as a task: its recipe, data, training, evaluation and weights.

Public names are imported when they are first used, so that a recipe can be read without the engine. The verbs (train,
evaluate, compare, calibrate, ablate) are those of `reseen`.
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reseen.tasks.reid.build import build_embedder, load_model
    from reseen.tasks.reid.options import EvaluationOptions
    from reseen.tasks.reid.postprocess import Expansion, Postprocessing
    from reseen.tasks.reid.query_gallery import QueryGallery
    from reseen.tasks.reid.recipe import Recipe, read_recipe, recipe_of
    from reseen.tasks.reid.scoring import Evaluated
    from reseen.tasks.reid.task import REIDENTIFICATION

__all__ = [
    "REIDENTIFICATION",
    "Evaluated",
    "EvaluationOptions",
    "Expansion",
    "Postprocessing",
    "QueryGallery",
    "Recipe",
    "build_embedder",
    "load_model",
    "read_recipe",
    "recipe_of",
]

_HOMES = MappingProxyType(
    {
        "REIDENTIFICATION": "task",
        "Evaluated": "scoring",
        "EvaluationOptions": "options",
        "Expansion": "postprocess",
        "Postprocessing": "postprocess",
        "QueryGallery": "query_gallery",
        "Recipe": "recipe",
        "build_embedder": "build",
        "load_model": "build",
        "read_recipe": "recipe",
        "recipe_of": "recipe",
    }
)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
