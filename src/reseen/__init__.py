"""reseen: find the same individual again among pictures from other cameras.

The verbs of the command line as functions with typed results; each is fetched when first used, so that importing the
package does nothing.
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reseen.backbones import carry
    from reseen.data.check import check
    from reseen.data.datasets import read_data
    from reseen.data.synth import synthesise
    from reseen.demonstration import demo
    from reseen.engine.ablate import ablate
    from reseen.engine.build import load_model
    from reseen.engine.evaluate import evaluate_baselines
    from reseen.engine.evaluate import evaluate_run as evaluate
    from reseen.engine.profile import profile
    from reseen.engine.recipe import read_recipe
    from reseen.engine.train import train
    from reseen.errors import ReseenError
    from reseen.explain.run_report import report_run
    from reseen.models import build_model
    from reseen.retrieval.embedder import Embedder
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.record import Record

__all__ = [
    "Embedder",
    "Gallery",
    "Record",
    "ReseenError",
    "ablate",
    "build_model",
    "carry",
    "check",
    "demo",
    "evaluate",
    "evaluate_baselines",
    "load_model",
    "profile",
    "read_data",
    "read_recipe",
    "report_run",
    "synthesise",
    "train",
]

_HOMES = MappingProxyType(
    {
        "Embedder": ("reseen.retrieval.embedder", "Embedder"),
        "Gallery": ("reseen.retrieval.gallery", "Gallery"),
        "Record": ("reseen.retrieval.record", "Record"),
        "ReseenError": ("reseen.errors", "ReseenError"),
        "ablate": ("reseen.engine.ablate", "ablate"),
        "build_model": ("reseen.models", "build_model"),
        "carry": ("reseen.backbones", "carry"),
        "check": ("reseen.data.check", "check"),
        "demo": ("reseen.demonstration", "demo"),
        "evaluate": ("reseen.engine.evaluate", "evaluate_run"),
        "evaluate_baselines": ("reseen.engine.evaluate", "evaluate_baselines"),
        "load_model": ("reseen.engine.build", "load_model"),
        "profile": ("reseen.engine.profile", "profile"),
        "read_data": ("reseen.data.datasets", "read_data"),
        "read_recipe": ("reseen.engine.recipe", "read_recipe"),
        "report_run": ("reseen.explain.run_report", "report_run"),
        "synthesise": ("reseen.data.synth", "synthesise"),
        "train": ("reseen.engine.train", "train"),
    }
)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'reseen' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
