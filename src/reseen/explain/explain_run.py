"""Explanations of a run: pairs of a query and an entry, with maps of the regions that make them similar."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from reseen.deprecation import renamed_keywords
from reseen.draw.encode import write_png
from reseen.engine.run import Run, open_run
from reseen.explain.explain_pairs import explain_pairs
from reseen.explain.map_sheet import ExplainedPair, map_sheet
from reseen.explain.maps import checked_stage
from reseen.explain.pairs import find_pairs
from reseen.explain.queries import QuerySelection, select_queries
from reseen.explain.run_model import load_run_model
from reseen.explain.sheet_files import remove_earlier, sheet_file
from reseen.files import write_json
from reseen.progress import Progress, Silent
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from reseen.tasks.reid.scoring import Evaluated

ROWS = 8
"""Pairs on one sheet."""
KIND = "pairs"
"""The first part of a sheet's file name."""


class ExplainedRun(NamedTuple):
    """The pairs explained, and the files written: sheets, then explain.json with the numbers."""

    pairs: list[ExplainedPair]
    files: list[Path]


@renamed_keywords(wanted="queries")
def explain_run(
    run: Run | Path | str,
    *,
    out: Path | str,
    queries: QuerySelection | None = None,
    method: str = "hires_cam",
    stage: str | None = None,
    data: Path | str | None = None,
    progress: Progress | None = None,
) -> ExplainedRun:
    """Write sheets of pairs with maps over both images, and their numbers as JSON.

    A query whose first entry is wrong is also shown with its first true match, and with a map of the regions that speak
    for either. Sheets of an earlier call in ``out`` beyond those written now are removed.

    Args:
        run: A run directory.
        out: The folder to write to; it is made.
        queries: Which queries to explain, and how many entries of each ranking.
        method: As in `reseen.explain.similarity_maps`.
        stage: Likewise.
        data: The folder of the images, if they have moved since the run was trained.
        progress: Where to show progress; silent if left out.

    Returns:
        The pairs with their maps, and the files written: sheets, then explain.json.

    Raises:
        ReseenError: A method, a stage or an image that does not exist.

    Example:
        ```python
        # not run: needs a trained run
        explained = reseen.explain_run("runs/market", out="why", queries=QuerySelection(worst=True))
        ```
    """
    run = run if isinstance(run, Run) else open_run(Path(run))
    selection, progress = queries or QuerySelection(), progress or Silent()
    run_model = load_run_model(run)
    stage = checked_stage(run_model.model, method, stage)
    result = saved_evaluation(run, data=data, progress=progress)
    query_sets = select_queries(result, selection, run_model=run_model, progress=progress)
    pairs = [pair for query_set in query_sets for pair in find_pairs(query_set, result, top=selection.top)]
    explained = explain_pairs(run_model, pairs, result.splits.gallery, method=method, stage=stage, progress=progress)
    files = _write_sheets(Path(out), explained, result, words=(method, stage))
    numbers = {"run": str(run.path), "method": method, "stage": stage, "pairs": _numbers(explained, result)}
    write_json(Path(out) / "explain.json", numbers)
    remove_earlier(Path(out), KIND, written=len(files), progress=progress)
    return ExplainedRun(explained, [*files, Path(out) / "explain.json"])


def _write_sheets(
    out: Path, explained: Sequence[ExplainedPair], result: Evaluated, *, words: tuple[str, str]
) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for number, start in enumerate(range(0, len(explained), ROWS), start=1):
        sheet = map_sheet(
            explained[start : start + ROWS],
            gallery=result.gallery,
            gallery_paths=result.splits.gallery.paths,
            words=words,
        )
        files.append(sheet_file(out, KIND, number))
        write_png(files[-1], sheet)
    return files


def _numbers(explained: Sequence[ExplainedPair], result: Evaluated) -> list[dict[str, object]]:
    """The entries of explain.json; ``same`` is null where the query's identity is unknown."""
    paths = result.splits.gallery.paths
    return [
        {
            "query": str(entry.pair.queries.split.paths[entry.pair.row]),
            "match": str(paths[entry.pair.entry]),
            "rank": entry.pair.rank,
            "same": {"match": True, "other": False}.get(entry.pair.kind),
            "similarity": float(entry.shares.sum()),
            "branches": [float(share) for share in entry.shares],
        }
        for entry in explained
    ]
