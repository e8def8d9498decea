"""reseen: find the same individual again among images from other cameras.

The commands of the command line as functions with typed results. Each is imported when it is first used, so importing
the package does nothing.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING

from reseen.deprecation import moved_names
from reseen.lazy import lazy_names

if TYPE_CHECKING:
    __version__: str
    from reseen.backbones import set_input_size
    from reseen.data.check import check
    from reseen.data.datasets import read_data
    from reseen.data.datasets.cuhk03_release import unpack_cuhk03
    from reseen.demonstration import demo, demo_cameras
    from reseen.errors import ReseenError
    from reseen.explain.explain_run import explain_run
    from reseen.explain.scoring import score_explanations
    from reseen.profiling.profile import profile
    from reseen.report.comparison_page import report_pair
    from reseen.report.linking_page import report_linking
    from reseen.report.run_page import report_run
    from reseen.retrieval.embedder import Embedder
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.link_tracks import link_tracks
    from reseen.retrieval.record import Record
    from reseen.retrieval.trackers import track_features
    from reseen.synth import synthesise, synthesise_crossing, synthesise_scenes
    from reseen.tasks.ablate import ablate
    from reseen.tasks.reid.advise.advising import advise
    from reseen.tasks.reid.build import load_model
    from reseen.tasks.reid.build_model import build_model
    from reseen.tasks.reid.calibrate import calibrate_run as calibrate
    from reseen.tasks.reid.compare import compare_runs as compare
    from reseen.tasks.reid.evaluate import evaluate, evaluate_baselines
    from reseen.tasks.reid.recipe import read_recipe
    from reseen.tasks.reid.train import train

__all__ = [
    "Embedder",
    "Gallery",
    "Record",
    "ReseenError",
    "ablate",
    "advise",
    "build_model",
    "calibrate",
    "check",
    "compare",
    "demo",
    "demo_cameras",
    "evaluate",
    "evaluate_baselines",
    "explain_run",
    "link_tracks",
    "load_model",
    "profile",
    "read_data",
    "read_recipe",
    "report_linking",
    "report_pair",
    "report_run",
    "score_explanations",
    "set_input_size",
    "synthesise",
    "synthesise_crossing",
    "synthesise_scenes",
    "track_features",
    "train",
    "unpack_cuhk03",
]

_lazy, __dir__ = lazy_names(
    __name__,
    {
        "backbones": ("set_input_size",),
        "data.check": ("check",),
        "data.datasets": ("read_data",),
        "data.datasets.cuhk03_release": ("unpack_cuhk03",),
        "demonstration": ("demo", "demo_cameras"),
        "errors": ("ReseenError",),
        "explain.explain_run": ("explain_run",),
        "explain.scoring": ("score_explanations",),
        "profiling.profile": ("profile",),
        "report.comparison_page": ("report_pair",),
        "report.linking_page": ("report_linking",),
        "report.run_page": ("report_run",),
        "retrieval.embedder": ("Embedder",),
        "retrieval.gallery": ("Gallery",),
        "retrieval.link_tracks": ("link_tracks",),
        "retrieval.record": ("Record",),
        "retrieval.trackers": ("track_features",),
        "synth": ("synthesise", "synthesise_crossing", "synthesise_scenes"),
        "tasks.ablate": ("ablate",),
        "tasks.reid.advise.advising": ("advise",),
        "tasks.reid.build": ("load_model",),
        "tasks.reid.build_model": ("build_model",),
        "tasks.reid.calibrate": ("calibrate_run as calibrate",),
        "tasks.reid.compare": ("compare_runs as compare",),
        "tasks.reid.evaluate": ("evaluate", "evaluate_baselines"),
        "tasks.reid.recipe": ("read_recipe",),
        "tasks.reid.train": ("train",),
    },
)


def _current(name: str) -> object:
    return version("reseen") if name == "__version__" else _lazy(name)


__getattr__ = moved_names(
    __name__, {"carry": "reseen.backbones:set_input_size", "unpack": "reseen:unpack_cuhk03"}, otherwise=_current
)
