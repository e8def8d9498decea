"""The demo: render vehicles, train on them, find them again, report; over cameras too. Finished steps are skipped."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.files import write_bytes, write_json
from reseen.metrics import Report
from reseen.progress import SILENT, Progress, as_callback
from reseen.report.linking_page import report_linking
from reseen.report.run_page import report_run
from reseen.retrieval import Embedder
from reseen.retrieval.link_tracks import link_tracks
from reseen.retrieval.linked_tracks import LinkedTracks
from reseen.synth import synthesise, synthesise_crossing
from reseen.tasks.reid.evaluate import evaluate_baselines, evaluate_run
from reseen.tasks.reid.train import train

IDENTITIES, IMAGES, IMAGE_SIZE, SEED = 120, 2160, 128, 0
"""Small enough for minutes on two cores, with VeRi-776's share of test identities, about one in four."""
VEHICLES, CAMERAS, MINUTES, TOWN_SEED = 60, 6, 10.0, 1
"""The town of ``demo_cameras``: other vehicles than those that the network is trained on."""
_MADE = ("data", "town")
ENTRIES = frozenset({*_MADE, *(f".{name}-unfinished" for name in _MADE), "run", "linked", "scores.json", "report.html"})
"""The entries of a demo folder."""


class DemoResult(NamedTuple):
    """The demo's data, run and page, and the scores of its three systems."""

    data: Path
    run: Run
    report: Path
    scores: Mapping[str, Report]


class CameraDemoResult(NamedTuple):
    """The town, the run of the network, what was linked, and the page of the linking."""

    town: Path
    run: Run
    linked: LinkedTracks
    report: Path


def demo(out: Path | str = "demo", *, progress: Progress | None = None) -> DemoResult:
    """Render vehicles, train, evaluate and report in one folder.

    After a stop, the same call continues where it was; a finished demo only evaluates and reports.

    Args:
        out: The folder for ``data/``, ``run/``, ``scores.json`` and ``report.html``.
        progress: Shows bars and lines; None for none.

    Raises:
        ReseenError: The folder holds something else.

    Example (not run):
        ```python
        result = demo("demo")
        result.scores["trained"].scores()["mAP"]
        ```
    """
    out, progress = _demo_folder(out), progress or SILENT
    data, run = out / "data", _trained(out, progress)
    baselines = evaluate_baselines(run, data=data, progress=progress)
    result = evaluate_run(run, data=data, progress=progress)
    scores = {**baselines, "trained": result.report}
    write_json(out / "scores.json", {name: report.scores() for name, report in scores.items()})
    report = report_run(run, result)
    page = out / "report.html"
    write_bytes(page, report.read_bytes())
    return DemoResult(data, run, page, scores)


def demo_cameras(out: Path | str = "demo", *, progress: Progress | None = None) -> CameraDemoResult:
    """Link the tracks of a small town of cameras with the demo's network, in the demo's folder or a new one.

    The network is trained as `demo` does, unless it is there. After a stop, the same call continues where it was.

    Args:
        out: The folder for ``data/`` and ``run/`` of the demo, ``town/`` and ``linked/`` with its ``report.html``.
        progress: Shows bars and lines; None for none.

    Raises:
        ReseenError: The folder holds something else.

    Example (not run):
        ```python
        result = demo_cameras("demo")
        result.linked.scores.several_cameras.idf1.value
        ```
    """
    out, progress = _demo_folder(out), progress or SILENT
    town, linked = out / "town", out / "linked"
    run = _trained(out, progress)
    render = partial(synthesise_crossing, vehicles=VEHICLES, cameras=CAMERAS, minutes=MINUTES, seed=TOWN_SEED)
    _render_once(town, render, title="render a town", progress=progress)
    found = link_tracks(town, linked, embedder=Embedder.from_pretrained(run.path), progress=progress)
    return CameraDemoResult(town, run, found, report_linking(linked))


def _trained(out: Path, progress: Progress) -> Run:
    """The demo's network, from where it stands: vehicles are rendered and trained on as far as that is left to do."""
    data = out / "data"
    render = partial(synthesise, "vehicle", identities=IDENTITIES, images=IMAGES, image_size=IMAGE_SIZE, seed=SEED)
    _render_once(data, render, title="render vehicles", progress=progress)
    return train("demo", data=data, out=out / "run", resume=True, progress=progress).run


def _render_once(folder: Path, render: Callable[..., object], *, title: str, progress: Progress) -> None:
    """Call ``render(folder, progress=...)``, unless the folder is there."""
    if not folder.exists():
        with as_callback(progress, title) as advance:
            render(folder, progress=advance)


def _demo_folder(out: Path | str) -> Path:
    """The path of the demo's folder. ReseenError where something else is."""
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise ReseenError(f"{out}: expected a folder for the demo, got a file")
    others = sorted(entry.name for entry in out.iterdir() if entry.name not in ENTRIES) if out.exists() else []
    if others:
        raise ReseenError(f"{out}: the folder holds something else ({', '.join(others[:3])}); choose another --out")
    return out
