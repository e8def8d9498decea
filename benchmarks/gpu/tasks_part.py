"""Part 4: the same attention outside re-identification: scenes at 512 x 512, and types of vehicles at CIFAR's size."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gpu.part import Cell, Row, Setting
from gpu.rendered import rendered
from reseen.engine.run import open_run
from reseen.synth import synthesise_scenes
from reseen.tasks.ablate import ablate

ROWS = ("baseline", "rga_sc")


class Study(NamedTuple):
    """A recipe on a rendered set, its settings at either size, and roughly how long a run takes on a card."""

    name: str
    recipe: str
    settings: tuple[str, ...]
    toy: tuple[str, ...]
    seconds: float


FROM_SCRATCH = ("model.weights='none'", "data.mean=[0.485, 0.456, 0.406]", "data.std=[0.229, 0.224, 0.225]")
AFTER_LAST = "model.attention={stage4={name='rga_sc'}}"
SCENES = Study(
    "scenes",
    "segment-scenes-baseline",
    (
        *FROM_SCRATCH,
        "data.image_size=[512, 512]",
        "data.batch_size=16",
        "model.backbone='resnet50'",
        "model.output_stride=8",
        AFTER_LAST,
        "training.epochs=20",
        "optimizer.learning_rate=5e-4",
    ),
    (
        *FROM_SCRATCH,
        "data.image_size=[32, 32]",
        "data.batch_size=2",
        "model.backbone='test_resnet'",
        "model.output_stride=8",
        "model.attention={stage4={name='rga_sc', reduction=2, gate_reduction=1}}",
        "training.epochs=1",
    ),
    60.0,
)
TYPES = Study(
    "types",
    "classify-bodytype-baseline",
    (
        *FROM_SCRATCH,
        "data.image_size=[32, 32]",
        "data.batch_size=128",
        "model.backbone='resnet18'",
        "model.stem='cifar'",
        "model.attention={every_stage={name='rga_sc', reduction=4, gate_reduction=2}}",
        "training.epochs=30",
    ),
    (
        *FROM_SCRATCH,
        "data.image_size=[32, 32]",
        "data.batch_size=8",
        "model.backbone='test_resnet'",
        "model.attention={stage2={name='rga_sc', reduction=2, gate_reduction=1}}",
        "training.epochs=1",
    ),
    40.0,
)


def cells(setting: Setting) -> Iterator[Cell]:
    """Each task with and without attention, seed by seed."""
    for seed in range(1 if setting.smoke else 3):
        for study in (SCENES, TYPES):
            for row in ROWS:
                name = f"{study.name}: {row}, seed {seed}"
                yield Cell(name, study.seconds, partial(run, study, setting, row=row, seed=seed))


def run(study: Study, setting: Setting, *, row: str, seed: int) -> Iterator[Row]:
    """Train and score one row."""
    out = setting.scratch / study.name
    settings = [*(study.toy if setting.smoke else study.settings), *hardware(setting)]
    ablate(study.recipe, rows=[row], seeds=[seed], data=data_of(study, setting), out=out, overrides=settings)
    done = open_run(out / row / f"seed-{seed}")
    scores = {name: value for name, value in done.scores()["trained"].items() if isinstance(value, float)}
    last = done.metrics()[-1]
    yield {"row": f"{study.name}: {row}, seed {seed}", **scores, "training images/s": last["images_per_second"]}


def hardware(setting: Setting) -> Sequence[str]:
    """What the machine can do, as settings."""
    on_card = setting.device == "cuda"
    return (
        f"hardware.accelerator='{setting.device}'",
        f"hardware.precision='{'bf16' if on_card else 'fp32'}'",
        f"data.workers={setting.workers}",
    )


def data_of(study: Study, setting: Setting) -> Path:
    """Scenes with label maps, or vehicles in a folder whose layout names their types."""
    if study is TYPES:
        identities, images = (8, 40) if setting.smoke else (800, 16_000)
        return rendered(setting, "vehicle", identities=identities, images=images, image_size=32)
    images, height = (4, 32) if setting.smoke else (1200, 512)
    folder = setting.scratch / f"scenes-{images}-{height}"
    if not folder.exists():
        synthesise_scenes(folder, images=images, image_size=height, workers=max(1, setting.workers))
    return folder
