"""Loading of scenes: read, every pair checked once, unfit data refused or reported."""

from pathlib import Path

from lightning_fabric import Fabric

from reseen.engine.task import TrainingData
from reseen.progress import Progress
from reseen.tasks.segment.classes import CLASS_NAMES, CLASS_OF_ID, IGNORE
from reseen.tasks.segment.reader import Look, fingerprint, look_at, read_scenes
from reseen.tasks.segment.recipe import SegmentRecipe
from reseen.tasks.segment.scenes import Pair, SceneSplits


def load_data(data: Path, recipe: SegmentRecipe, *, fabric: Fabric, progress: Progress) -> TrainingData[SceneSplits]:
    """Read ``data``. The first process alone opens the files."""
    splits = read_scenes(data)
    looks = fabric.broadcast(look_at(splits, progress=progress) if fabric.is_global_zero else {})
    _report_padding(splits.train, looks, crop=recipe.data.image_size, progress=progress)
    facts: dict[str, object] = {
        "path": str(data.resolve()),
        "layout": "cityscapes",
        "fingerprint": fingerprint(splits, looks),
        "pictures": {"train": len(splits.train), "val": len(splits.val)},
        "classes": {"train": _shown(splits.train, looks), "val": _shown(splits.val, looks)},
    }
    return TrainingData(splits, facts)


def _report_padding(
    pairs: tuple[Pair, ...], looks: dict[Pair, Look], *, crop: tuple[int, int], progress: Progress
) -> None:
    """Report crops that are larger than images, before any scaling."""
    small = [looks[pair].size for pair in pairs if looks[pair].size[0] < crop[0] or looks[pair].size[1] < crop[1]]
    if small:
        height, width = small[0]
        progress.say(
            f"data.image_size {crop[0]} x {crop[1]} is larger than {len(small)} of {len(pairs)} training images (the "
            f"first is {height} x {width}): they are padded, and the padding is ignored"
        )


def _shown(pairs: tuple[Pair, ...], looks: dict[Pair, Look]) -> list[str]:
    """The names of the classes that occur in an image."""
    classes = {int(CLASS_OF_ID[value]) for pair in pairs for value in looks[pair].ids} - {IGNORE}
    return [CLASS_NAMES[number] for number in sorted(classes)]
