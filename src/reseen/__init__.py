"""reseen: find the same individual again among pictures from other cameras.

The verbs of the command line as functions with typed results; each is fetched when first used, so that importing the
package does nothing.
"""

from importlib import import_module
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
    from reseen.backbones import carry
    from reseen.data.check import check
    from reseen.data.datasets import read_data
    from reseen.data.datasets.cuhk03_release import unpack
    from reseen.demonstration import demo
    from reseen.engine.build import load_model
    from reseen.engine.calibrate import calibrate_run as calibrate
    from reseen.engine.compare import compare_runs as compare
    from reseen.engine.evaluate import evaluate, evaluate_baselines
    from reseen.engine.profile import profile
    from reseen.engine.recipe import read_recipe
    from reseen.engine.train import train
    from reseen.errors import ReseenError
    from reseen.explain.explain_run import explain_run
    from reseen.explain.pair_report import report_pair
    from reseen.explain.run_report import report_run
    from reseen.explain.scoring import score_explanations
    from reseen.models import build_model
    from reseen.retrieval.embedder import Embedder
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.record import Record
    from reseen.synth import synthesise, synthesise_scenes
    from reseen.tasks.ablate import ablate

__all__ = [
    "Embedder",
    "Gallery",
    "Record",
    "ReseenError",
    "ablate",
    "build_model",
    "calibrate",
    "carry",
    "check",
    "compare",
    "demo",
    "evaluate",
    "evaluate_baselines",
    "explain_run",
    "load_model",
    "profile",
    "read_data",
    "read_recipe",
    "report_pair",
    "report_run",
    "score_explanations",
    "synthesise",
    "synthesise_scenes",
    "train",
    "unpack",
]

_HOMES = MappingProxyType(
    {
        "Embedder": ("reseen.retrieval.embedder", "Embedder"),
        "Gallery": ("reseen.retrieval.gallery", "Gallery"),
        "Record": ("reseen.retrieval.record", "Record"),
        "ReseenError": ("reseen.errors", "ReseenError"),
        "ablate": ("reseen.tasks.ablate", "ablate"),
        "build_model": ("reseen.models", "build_model"),
        "calibrate": ("reseen.engine.calibrate", "calibrate_run"),
        "carry": ("reseen.backbones", "carry"),
        "check": ("reseen.data.check", "check"),
        "compare": ("reseen.engine.compare", "compare_runs"),
        "demo": ("reseen.demonstration", "demo"),
        "evaluate": ("reseen.engine.evaluate", "evaluate"),
        "evaluate_baselines": ("reseen.engine.evaluate", "evaluate_baselines"),
        "explain_run": ("reseen.explain.explain_run", "explain_run"),
        "load_model": ("reseen.engine.build", "load_model"),
        "profile": ("reseen.engine.profile", "profile"),
        "read_data": ("reseen.data.datasets", "read_data"),
        "read_recipe": ("reseen.engine.recipe", "read_recipe"),
        "report_pair": ("reseen.explain.pair_report", "report_pair"),
        "report_run": ("reseen.explain.run_report", "report_run"),
        "score_explanations": ("reseen.explain.scoring", "score_explanations"),
        "synthesise": ("reseen.synth", "synthesise"),
        "synthesise_scenes": ("reseen.synth", "synthesise_scenes"),
        "train": ("reseen.engine.train", "train"),
        "unpack": ("reseen.data.datasets.cuhk03_release", "unpack"),
    }
)


def __getattr__(name: str) -> object:
    if name == "__version__":
        return version("reseen")
    if name not in _HOMES:
        raise AttributeError(f"module 'reseen' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
