"""The demo: render vehicles, train on them, find them again, report. Finished steps are skipped."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.files import write_bytes, write_json
from reseen.metrics import Report
from reseen.progress import SILENT, Progress, as_callback
from reseen.report.run_page import report_run
from reseen.synth import synthesise
from reseen.tasks.reid.evaluate import evaluate_baselines, evaluate_run
from reseen.tasks.reid.train import train

IDENTITIES, IMAGES, IMAGE_SIZE, SEED = 120, 2160, 128, 0
"""Small enough for minutes on two cores, with VeRi-776's share of test identities, about one in four."""
ENTRIES = frozenset({"data", "run", "scores.json", "report.html"})
"""The entries of a demo folder."""


class DemoResult(NamedTuple):
    """The demo's data, run and page, and the scores of its three systems."""

    data: Path
    run: Run
    report: Path
    scores: Mapping[str, Report]


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
    out, progress = Path(out), progress or SILENT
    data, run_path = out / "data", out / "run"
    _check_folder(out)
    if not data.exists():
        with as_callback(progress, "render vehicles") as tell:
            synthesise(
                "vehicle", data, identities=IDENTITIES, images=IMAGES, image_size=IMAGE_SIZE, seed=SEED, progress=tell
            )
    trained = train("demo", data=data, out=run_path, resume=True, progress=progress)
    baselines = evaluate_baselines(trained.run, data=data, progress=progress)
    result = evaluate_run(trained.run, data=data, progress=progress)
    scores = {**baselines, "trained": result.report}
    write_json(out / "scores.json", {name: report.scores() for name, report in scores.items()})
    report = report_run(trained.run, result)
    page = out / "report.html"
    write_bytes(page, report.read_bytes())
    return DemoResult(data, trained.run, page, scores)


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise ReseenError(f"{out}: expected a folder for the demo, got a file")
    others = sorted(entry.name for entry in out.iterdir() if entry.name not in ENTRIES) if out.exists() else []
    if others:
        raise ReseenError(f"{out}: the folder holds something else ({', '.join(others[:3])}); choose another --out")
