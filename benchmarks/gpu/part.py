"""A part of the benchmark: cells that are measured one after another and give rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

Row: TypeAlias = dict[str, object]
"""Column -> what stands there. The same row measured again has the same ``row``."""


class Setting(NamedTuple):
    """Where and how large: torch's device, toy sizes or the real ones, a folder for data, processes that read."""

    device: str
    smoke: bool
    scratch: Path
    workers: int


class Cell(NamedTuple):
    """One measurement. ``seconds``: not begun with less left. ``measure``: gives rows, each kept at once."""

    name: str
    seconds: float
    measure: Callable[[], Iterable[Row]]


@dataclass(frozen=True)
class Part:
    """``module`` of this package has ``cells(setting)``; ``needs``: packages by the names they are imported by.

    ``seconds``: its share of a call's time, which another round may add to.
    """

    name: str
    title: str
    module: str
    needs: tuple[str, ...]
    seconds: float


NETWORKS = ("einops", "pydantic", "safetensors", "timm", "torch", "torchvision")
"""What the networks alone need."""
RUNS = ("lightning_fabric", "lightning_utilities", "PIL", "polars", "pytorch_metric_learning", "tomli_w")
SCORES = ("numba", "scipy", "threadpoolctl")
TRAINING = (*NETWORKS, *RUNS, *SCORES)
RENDERING = ("panda3d",)
TABLES = (*TRAINING, *RENDERING, "torchmetrics")
"""What `reseen.tasks.ablate` needs, since it knows every task."""

PARTS = (
    Part("attention", "What attention and the systems cost", "attention_part", NETWORKS, 140),
    Part("training", "What the training loop reaches of the bare step", "training_part", (*TRAINING, *RENDERING), 220),
    Part("evaluation", "Evaluation, re-ranking, embedding", "evaluation_part", (*TRAINING, *RENDERING), 100),
    Part("accuracy", "Does attention pay?", "accuracy_part", TABLES, 480),
    Part("tasks", "Scenes and classes", "tasks_part", TABLES, 240),
)
"""In the order in which they are begun."""
