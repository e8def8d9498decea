"""The generator of vehicles and persons: from a kind, a size and a seed to a complete data set on disk."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reseen.errors import ReseenError, unknown
from reseen.progress import ProgressCallback, no_callback
from reseen.synth.draft import check_free
from reseen.synth.kinds import SUBJECTS
from reseen.synth.layouts import LAYOUTS, Counts, RenderedSet
from reseen.synth.plan import FEWEST, Plan, make_plan
from reseen.synth.render.station import Station
from reseen.synth.studio import RenderSettings, jobs, take_all
from reseen.synth.subject import Description, Subject

SMALLEST = 32
"""The least height and width of an image, pixels."""


class SynthResult(NamedTuple):
    """The set's folder and layout, the images of each split, and the pairs of twins."""

    root: Path
    layout: str
    counts: Counts
    identities: int
    twins: list[tuple[str, str]]


def synthesise(  # noqa: PLR0913 - each is a setting that the command line has too
    kind: str,
    out: Path,
    *,
    identities: int,
    images: int,
    image_size: int | tuple[int, int] = 128,
    seed: int = 0,
    twins: float = 0.5,
    masks: bool = False,
    workers: int = 2,
    progress: ProgressCallback | None = None,
) -> SynthResult:
    """Render a data set of vehicles or persons into a new folder.

    The same arguments give the same bytes, whatever ``workers`` is.

    Args:
        kind: "vehicle" (written in VeRi-776's layout) or "person" (in Market-1501's).
        out: The folder to write. It must not exist or be empty; it appears when the set is complete.
        identities: How many individuals, training and test together.
        images: How many images in all, at least two an identity.
        image_size: Height in pixels, or (height, width).
        seed: Decides everything that is drawn at random.
        twins: Share of the individuals, 0..1, that come in pairs which differ in small marks only.
        masks: Also write, below masks/, the visible pixels of the individual's marks, white on black.
        workers: Processes that render. More than 1 import the calling script afresh: guard it with
            ``if __name__ == "__main__"``.
        progress: Called in this process with (done, total) images.

    Returns:
        The folder, its layout, the counts of its splits and the pairs of twins.

    Raises:
        ReseenError: For impossible sizes, and for an ``out`` that holds files.

    Example (not run):
        ```python
        synthesise("vehicle", Path("data/vehicles"), identities=120, images=2160)
        ```
    """
    if kind not in SUBJECTS:
        raise ReseenError(unknown("synthetic set", kind, SUBJECTS))
    subject = SUBJECTS[kind]
    size = _checked(subject, identities=identities, images=images, image_size=image_size, twins=twins, seed=seed)
    check_free(out)
    key = (seed, sorted(SUBJECTS).index(kind))
    cast = _arrange(subject, identities=identities, images=images, twins=twins, key=key)
    settings = {"identities": identities, "images": images, "image_size": size, "seed": seed, "twins": twins}
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        order = RenderSettings(kind, draft, size, cast.stations, key, masks)
        counts = _render(order, subject, cast, workers=workers, progress=progress or no_callback)
        _write_facts(draft, cast, facts={"kind": kind, "layout": subject.layout, **settings})
        draft.chmod(0o755)
        draft.replace(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return SynthResult(out, subject.layout, counts, identities, _named_pairs(cast.plan))


class _Cast(NamedTuple):
    """The individuals, the cameras and the plan: all that is drawn before anything is rendered."""

    people: Sequence[Any]
    described: list[Description]
    stations: tuple[Station, ...]
    plan: Plan


def _arrange(subject: Subject, *, identities: int, images: int, twins: float, key: tuple[int, ...]) -> _Cast:
    people = subject.draw_identities(identities, twins_share=twins, rng=np.random.default_rng([*key, 0]))
    stations = tuple(subject.stations(np.random.default_rng([*key, 4])))
    described = [subject.describe(identity) for identity in people]
    plan = make_plan(
        [description.twin for description in described],
        images=images,
        cameras=len(stations),
        test_share=LAYOUTS[subject.layout].test_share,
        seed=key,
    )
    return _Cast(people, described, stations, plan)


def _render(
    order: RenderSettings, subject: Subject, cast: _Cast, *, workers: int, progress: ProgressCallback
) -> Counts:
    layout, shots = LAYOUTS[subject.layout], cast.plan.shots
    _make_folders(order.root, {layout.file(shot) for shot in shots}, masks=order.masks)
    views = take_all(order, jobs(cast.people, shots), workers=workers, progress=progress)
    return layout.finish(order.root, RenderedSet(subject, shots, views, cast.described))


def _checked(
    subject: Subject, *, identities: int, images: int, image_size: int | tuple[int, int], twins: float, seed: int
) -> tuple[int, int]:
    """The images' height and width. ReseenError for settings that cannot be met."""
    if identities < 2:
        raise ReseenError(f"identities: at least 2 (one to train on, one to test with), got {identities}")
    if images < FEWEST * identities:
        raise ReseenError(
            f"images: {identities} identities need at least {FEWEST * identities} images ({FEWEST} each, from "
            f"different cameras), got {images}"
        )
    if not 0 <= twins <= 1:
        raise ReseenError(f"twins: a share from 0 to 1, got {twins}")
    if seed < 0:
        raise ReseenError(f"seed: 0 or more, got {seed}")
    size = (image_size, round(image_size * subject.aspect)) if isinstance(image_size, int) else image_size
    if min(size) < SMALLEST:
        raise ReseenError(f"image size: at least {SMALLEST} x {SMALLEST} pixels, got {size[0]} x {size[1]}")
    return size


def _make_folders(root: Path, files: set[str], *, masks: bool) -> None:
    for folder in sorted({str(Path(file).parent) for file in files}):
        (root / folder).mkdir(parents=True)
        if masks:
            (root / "masks" / folder).mkdir(parents=True)


def _named_pairs(plan: Plan) -> list[tuple[str, str]]:
    return [(f"{plan.numbers[a]:04d}", f"{plan.numbers[b]:04d}") for a, b in plan.pairs]


def _write_facts(root: Path, cast: _Cast, *, facts: dict[str, Any]) -> None:
    """Write synth.json: the settings, the pairs of twins and each identity's marks."""
    plan, described = cast.plan, cast.described
    order = sorted(range(len(described)), key=lambda place: plan.numbers[place])
    people = {
        f"{plan.numbers[place]:04d}": {
            "split": "train" if plan.train[place] else "test",
            **described[place].facts,
            "marks": list(described[place].marks),
        }
        for place in order
    }
    content = {"made_by": "reseen synth", **facts, "twin_pairs": _named_pairs(plan), "identity": people}
    (root / "synth.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
