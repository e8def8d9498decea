"""The reader: a folder in the layout of Cityscapes -> pairs of images and label maps, by torchvision's reader.

Every pair is looked at once before training: a label value outside the classes, or an image and a label map of
different size, would otherwise be met hours later or never.
"""

from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from torchvision.datasets import Cityscapes

from reseen.data.fingerprint import content_digest
from reseen.data.opening import ImageError, open_image
from reseen.data.table import first
from reseen.data.threads import in_threads
from reseen.errors import ReseenError
from reseen.progress import Progress
from reseen.tasks.segment.classes import KNOWN_IDS
from reseen.tasks.segment.scenes import Pair, SceneSplits, load_ids

IMAGE, LABELS = "_leftImg8bit.png", "_gtFine_labelIds.png"
LAYOUT = f"leftImg8bit/{{train,val}}/CITY/NAME{IMAGE} and gtFine/{{train,val}}/CITY/NAME{LABELS}"


class Look(NamedTuple):
    """A checked pair: its (height, width), its label ids, and a digest of both files' contents."""

    size: tuple[int, int]
    ids: tuple[int, ...]
    digest: bytes


def read_scenes(root: Path) -> SceneSplits:
    """The training and validation pairs of a folder. ReseenError: no such layout, or files without a counterpart."""
    return SceneSplits(root, *(_read_split(root, split) for split in ("train", "val")))


def _read_split(root: Path, split: str) -> tuple[Pair, ...]:
    try:
        read = Cityscapes(str(root), split=split, mode="fine", target_type="semantic")
    except (RuntimeError, OSError):
        raise ReseenError(f"{root}: expected the layout of Cityscapes with a {split} part: {LAYOUT}") from None
    files = sorted(zip(read.images, read.targets, strict=True))
    pairs = tuple(Pair(Path(image), Path(target[0])) for image, target in files if image.endswith(IMAGE))
    if not pairs:
        raise ReseenError(f"{root}: no images *{IMAGE} below leftImg8bit/{split}/CITY")
    _check_counterparts(root, split, pairs)
    return pairs


def _check_counterparts(root: Path, split: str, pairs: tuple[Pair, ...]) -> None:
    without = [pair.image for pair in pairs if not pair.labels.is_file()]
    wanted = {pair.labels for pair in pairs}
    alone = sorted(path for path in (root / "gtFine" / split).glob(f"*/*{LABELS}") if path not in wanted)
    words = [
        f"{len(paths)} {what} ({first([str(path.relative_to(root)) for path in paths])})"
        for paths, what in ((without, "images without a label map"), (alone, "label maps without an image"))
        if paths
    ]
    if words:
        raise ReseenError(f"{root}: {' and '.join(words)}; add what is missing or take the others away")


def look_at(splits: SceneSplits, *, progress: Progress) -> dict[Pair, Look]:
    """Check every pair. ReseenError names the first unfit files and their faults."""
    pairs = [*splits.train, *splits.val]
    looks: dict[Pair, Look] = {}
    unfit: list[str] = []
    with progress.bar("check scenes", total=len(pairs)) as bar:
        for pair, (look, fault) in in_threads(_look, pairs, progress=lambda _done, _total: bar.advance()):
            if look is None:
                unfit.append(fault)
            else:
                looks[pair] = look
    if unfit:
        raise ReseenError(f"{splits.root}: {len(unfit)} unfit: {'; '.join(unfit[:3])}{'; ...' if unfit[3:] else ''}")
    return looks


def fingerprint(splits: SceneSplits, looks: dict[Pair, Look]) -> str:
    """32 hexadecimal digits: equal when the names and the contents of all files are, wherever they lie."""
    whole = blake2b(digest_size=16)
    for name, pairs in (("train", splits.train), ("val", splits.val)):
        whole.update(f"{name} {len(pairs)}\n".encode())
        for pair in pairs:
            whole.update(pair.image.relative_to(splits.root).as_posix().encode() + looks[pair].digest)
    return whole.hexdigest()


def _look(pair: Pair) -> tuple[Look | None, str]:
    """The checked pair, or its fault."""
    try:
        image, ids = open_image(pair.image), load_ids(pair.labels)
    except ImageError as error:
        return None, str(error)
    size, values = ids.shape, tuple(np.unique(ids).tolist())
    fault = _size_fault(pair, image, size) or _value_fault(pair, values)
    digest = content_digest(pair.image) + content_digest(pair.labels)
    return (None, fault) if fault else (Look((size[0], size[1]), values, digest), "")


def _size_fault(pair: Pair, image: Image.Image, size: tuple[int, ...]) -> str:
    if image.size == size[::-1]:
        return ""
    return f"{pair.image} is {image.height} x {image.width} but {pair.labels.name} is {size[0]} x {size[1]}"


def _value_fault(pair: Pair, values: tuple[int, ...]) -> str:
    strange = [str(value) for value in values if value not in KNOWN_IDS]
    if not strange:
        return ""
    return f"{pair.labels} holds {first(strange)}: expected the label ids {KNOWN_IDS[0]} to {KNOWN_IDS[-1]}"
