"""What labels and image sizes alone show of a data set: what would spoil training, or falsify a score."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from reseen.data.check import both_sides, no_valid_match
from reseen.data.datasets import LAYOUTS
from reseen.data.opening import DEFAULT_LIMITS
from reseen.data.summary import Finding, summarise
from reseen.data.table import Split, Splits, first
from reseen.tasks.reid.advise.advice import ImageSizes, SplitDescription, ValidationOutlook
from reseen.tasks.reid.advise.headers import Headers

_EXAMPLES = 3
_SMALL = 32 * 32
"""Pixels: an image with no more shows little of an identity."""
_UNEVEN = 10
"""Times the images of the median identity: with so many the largest one counts as too large."""
_SIDES = ("left", "right")


def described(name: str, split: Split, headers: Headers) -> SplitDescription:
    """A split in numbers."""
    _, counts = np.unique(split.identities, return_counts=True)
    largest = np.sort(counts)[::-1][: -(-len(counts) // 10)]
    share = float(largest.sum() / counts.sum()) if len(counts) else 0.0
    return SplitDescription(summarise(name, split), headers.sizes_of(split), largest_tenth=share)


def unreadable_findings(headers: Headers, damaged: Mapping[str, str], *, root: Path, total: int) -> Iterator[Finding]:
    """Images that cannot be read: ``damaged`` are those that failed to decode though their headers are whole."""
    reasons = {**{str(path): reason for path, reason in headers.unreadable.items()}, **damaged}
    if reasons:
        examples = tuple(f"{_below(root, path)}: {reason}" for path, reason in list(reasons.items())[:_EXAMPLES])
        yield Finding(
            "unreadable",
            f"{len(reasons)} of {len(headers.sizes) + len(headers.unreadable)} images looked at cannot be read and are "
            f"left out here (reseen check decodes all {total})",
            examples,
        )
    if headers.large:
        yield Finding(
            "large-images",
            f"{len(headers.large)} images have more than {DEFAULT_LIMITS.pixels:,} pixels and were not decoded here; "
            "make them smaller",
            tuple(_below(root, str(path)) for path in headers.large[:_EXAMPLES]),
        )


def _below(root: Path, path: str) -> str:
    return path.removeprefix(f"{root}/")


def label_findings(splits: Splits, validation: ValidationOutlook) -> Iterator[Finding]:
    """Empty splits, identities that cannot be matched or learned, cameras, views, imbalance."""
    for name, split in splits.tables().items():
        if not len(split):
            yield Finding("empty-split", f"{name} is empty", ())
    if not validation.possible and len(splits.train):
        yield Finding("few-identities", validation.reason, ())
    if len(splits.query) and len(splits.gallery):
        same_camera = LAYOUTS[splits.layout].same_camera_counts
        yield from no_valid_match(splits.query, splits.gallery, same_camera_counts=same_camera)
    yield from both_sides(splits)
    yield from _single_images(splits.train)
    yield from _cameras(splits.train)
    yield from _imbalance(splits.train)
    yield from _sided(splits.train)


def size_findings(sizes: ImageSizes | None) -> Iterator[Finding]:
    """Training images that show little."""
    if sizes and sizes.median[0] * sizes.median[1] <= _SMALL:
        height, width = sizes.median
        yield Finding(
            "small-images",
            f"training images are {height} x {width} (median): enlarging adds no detail, so expect low scores",
            (),
        )


def _single_images(train: Split) -> Iterator[Finding]:
    names, counts = np.unique(train.identities, return_counts=True)
    single = [str(name) for name in names[counts == 1]]
    if single:
        message = f"{len(single)} of {len(names)} training identities have one image only: {first(single)}"
        yield Finding("single-image", f"{message}; no pair of theirs can be learned from", tuple(single[:_EXAMPLES]))


def _cameras(train: Split) -> Iterator[Finding]:
    names = train.camera_names
    if len(names) > 1 or not len(train):
        return
    known = f"all training images with a known camera are from one, {names[0]}" if names else "no camera is known"
    yield Finding(
        "one-camera", f"{known}: whether the network finds an identity elsewhere cannot be trained or told", ()
    )


def _imbalance(train: Split) -> Iterator[Finding]:
    names, counts = np.unique(train.identities, return_counts=True)
    if len(counts) and counts.max() >= _UNEVEN * np.median(counts):
        largest, most = str(names[counts.argmax()]), int(counts.max())
        yield Finding(
            "imbalance",
            f"identity {largest} has {most} images, the median one {np.median(counts):g}; batches draw identities "
            "equally often, but the others have little to learn from",
            (largest,),
        )


def _sided(train: Split) -> Iterator[Finding]:
    sided = [name for name in train.view_names if any(side in name.lower() for side in _SIDES)]
    if sided:
        yield Finding(
            "sided-views",
            "views are named left and right, so no training image is mirrored (only names of views are looked at)",
            tuple(sided[:_EXAMPLES]),
        )
