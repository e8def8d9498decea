"""Re-identification as a task: its recipe, data, training, evaluation and weights.

Public names are imported when they are first used, so that a recipe can be read without the engine. The verbs (train,
evaluate, compare, calibrate, ablate) are those of `reseen`.
"""

from typing import TYPE_CHECKING

from reseen.lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "build": ("build_embedder", "load_model"),
        "options": ("EvaluationOptions",),
        "postprocess": ("Expansion", "Postprocessing"),
        "query_gallery": ("QueryGallery",),
        "recipe": ("Recipe", "read_recipe", "recipe_of"),
        "scoring": ("Evaluated",),
        "task": ("REIDENTIFICATION",),
    },
)
