"""`advise`: a data set looked at before anything is trained on it, and what to train on it."""

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from lightning_fabric import Fabric

from reseen.data.datasets import read_data
from reseen.data.table import Splits
from reseen.data.unreadable import leave_out
from reseen.engine.hardware import DeviceName, one_device
from reseen.errors import ReseenError
from reseen.metrics.protocol import find_protocol
from reseen.models import require_weights
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.advise.advice import Advice, ValidationOutlook
from reseen.tasks.reid.advise.copies import content_digests, copy_findings, same_images
from reseen.tasks.reid.advise.findings import described, label_findings, size_findings, unreadable_findings
from reseen.tasks.reid.advise.fitting import FittedRecipe, Wish, fitted_recipe
from reseen.tasks.reid.advise.headers import Headers, large_images_allowed, read_headers
from reseen.tasks.reid.advise.measuring import Speedometer
from reseen.tasks.reid.advise.recommend import nothing_to_train, recommendation
from reseen.tasks.reid.advise.untrained import look_untrained
from reseen.tasks.reid.automatic.choices import CPU, GPU
from reseen.tasks.reid.automatic.facts import set_facts
from reseen.tasks.reid.load import protocol_for
from reseen.tasks.reid.postprocess import require_fit
from reseen.tasks.reid.query_gallery import labels_of
from reseen.tasks.reid.recipe import Recipe
from reseen.tasks.reid.validation import FEWEST_IDENTITIES, HELD_OUT, can_hold_out, held_count


def advise(
    data: Path | str,
    *,
    minutes: float | None = None,
    recipe: Path | str = "finetune",
    layout: str = "auto",
    device: DeviceName = "auto",
    progress: Progress | None = None,
) -> Advice:
    """Look at a data set before training: what it holds, what is wrong with it, what to train, and for how long.

    A sample of its images is embedded with the network as it starts, and a few training steps are timed; nothing is
    trained.

    Args:
        data: A data set in any layout that `read_data` knows.
        minutes: How long the whole run may take; the recipe's own length if left out.
        recipe: The recipe to fit: its name or a TOML file.
        layout: The layout's name, as `read_data` takes it.
        device: "auto", "cpu" or "cuda".
        progress: Shows bars and lines; None for none.

    Returns:
        Counts and sizes of the splits, findings, the scores of the untrained network, and a recommendation.

    Raises:
        ReseenError: There is no data set to read, no image of a split can be read, or the minutes are too few for one
            epoch.

    Example (not run):
        ```python
        advice = advise("my.csv", minutes=10)
        print(advice.recommendation.command)
        ```
    """
    progress = progress or SILENT
    wish = _wish(recipe, minutes=minutes, layout=layout, device=device)
    read, path = wish.read(), Path(data).expanduser()
    require_weights(read.model.weights, backbone=read.model.backbone)
    splits = read_data(path, layout=layout, seed=read.seed)
    headers = read_headers(splits, progress)
    look = Look(leave_out(splits, headers.unreadable), headers, content_digests(splits), one_device(_device_of(read)))
    return _advice(path, look, wish, total=sum(map(len, splits.tables().values())), progress=progress)


class Look(NamedTuple):
    """The readable data, the sizes of their images, digests of what may be a copy, and the device."""

    splits: Splits
    headers: Headers
    digests: Mapping[str, bytes]
    fabric: Fabric


def _advice(path: Path, look: Look, wish: Wish, *, total: int, progress: Progress) -> Advice:
    splits, headers, recipe = look.splits, look.headers, wish.read()
    validation = validation_outlook(splits, recipe)
    described_splits = tuple(described(name, split, headers) for name, split in splits.tables().items())
    found = [
        *label_findings(splits, validation),
        *copy_findings(splits, look.digests),
        *size_findings(described_splits[0].sizes),
    ]
    obstacle = why_not_trained(splits, recipe)
    damaged: dict[str, str] = {}
    fitted = None if obstacle else _fitted(look, wish, damaged)
    untrained = look_untrained(
        splits,
        fitted.recipe if fitted else recipe,
        digests=look.digests,
        same_images=same_images(splits, look.digests),
        large=headers.large,
        fabric=look.fabric,
        progress=progress,
    )
    damaged |= untrained.unreadable
    unread = unreadable_findings(headers, damaged, root=splits.root, total=total)
    skips = bool(headers.unreadable or damaged)
    return Advice(
        path=path,
        layout=splits.layout,
        splits=described_splits,
        findings=(*unread, *found, *untrained.findings),
        notes=splits.notes,
        validation=validation,
        untrained=untrained.scores,
        recommendation=recommendation(fitted, path, skips=skips)
        if fitted
        else nothing_to_train(wish.recipe, str(obstacle)),
    )


def validation_outlook(splits: Splits, recipe: Recipe) -> ValidationOutlook:
    """Whether training identities can be held out to validate on."""
    total = len(splits.train.identity_names)
    if not can_hold_out(splits, recipe):
        reason = (
            f"{total} training identities are too few to hold any out (expected at least {FEWEST_IDENTITIES}, and "
            "enough of them with images that match another): training will not be validated"
        )
        return ValidationOutlook(False, 0, total, reason)  # noqa: FBT003 - a field
    held = held_count(total, share=HELD_OUT)
    return ValidationOutlook(True, held, total, "held out of training, they choose the epoch and the network")  # noqa: FBT003 - a field


def why_not_trained(splits: Splits, recipe: Recipe) -> str:
    """Why `train` would refuse the data; "" where it would not."""
    empty = [name for name, split in splits.tables().items() if not len(split)]
    if empty:
        return (
            f"nothing can be trained and scored while {' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty"
        )
    if len(splits.train.identity_names) < 2:
        return "expected at least 2 training identities, got 1: give images of others"
    try:
        require_fit(labels_of(splits), protocol=find_protocol(protocol_for(recipe, splits)))
    except ReseenError as error:
        return str(error)
    return ""


def _fitted(look: Look, wish: Wish, damaged: dict[str, str]) -> FittedRecipe:
    """The recipe fitted to the data; images that turn out damaged are added to ``damaged``."""
    with large_images_allowed():
        facts = set_facts(look.splits, wish.read())
    large = frozenset(map(str, look.headers.large))
    measure = Speedometer(look.splits, look.fabric, large=large, damaged=damaged)
    scale = CPU if look.fabric.device.type == "cpu" else GPU
    return fitted_recipe(wish, facts, scale, measure=measure)


def _device_of(recipe: Recipe) -> DeviceName:
    """The device that the recipe says, if one of those that advice is given on."""
    names: Mapping[str, DeviceName] = {"cpu": "cpu", "cuda": "cuda", "gpu": "cuda"}
    return names.get(recipe.hardware.accelerator, "auto")


def _wish(recipe: Path | str, *, minutes: float | None, layout: str, device: DeviceName) -> Wish:
    if minutes is not None and not (isfinite(minutes) and minutes > 0):
        raise ReseenError(f"--minutes: expected a number above 0, got {minutes:g}")
    overrides = [f"training.minutes={minutes:g}"] if minutes is not None else []
    overrides += [f"data.layout={layout}"] if layout != "auto" else []
    overrides += [f"hardware.accelerator={device}"] if device != "auto" else []
    return Wish(str(recipe), tuple(overrides))
