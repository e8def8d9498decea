"""A run asked why: pairs that it found, or missed, with the regions that made them alike, as sheets and as numbers."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from reseen.data.table import Split
from reseen.draw.encode import write_png
from reseen.draw.overlay import Values
from reseen.engine.run import Run, open_run
from reseen.explain.explainer import Explainer, explainer_of
from reseen.explain.map_sheet import ExplainedPair, map_sheet
from reseen.explain.maps import Maps, PairMaps, checked_stage, contrast_maps, similarity_maps, summed
from reseen.explain.pairs import Pair, find_pairs
from reseen.explain.queries import Wanted, asked_of
from reseen.explain.sheet_files import drop_earlier, sheet_file
from reseen.files import write_json
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from reseen.tasks.reid.scoring import Evaluated

BATCH = 16
"""Pairs that pass through the network together."""
ROWS = 8
"""Pairs on one sheet."""
KIND = "pairs"
"""What the sheets are called, before their number."""


class Explained(NamedTuple):
    """The pairs explained, and the files written: sheets, then explain.json with the numbers."""

    pairs: list[ExplainedPair]
    files: list[Path]


def explain_run(
    run: Run | Path | str,
    *,
    out: Path | str,
    wanted: Wanted | None = None,
    method: str = "hires_cam",
    stage: str | None = None,
    data: Path | str | None = None,
    progress: Progress | None = None,
) -> Explained:
    """Write sheets of pairs with maps over both pictures, and what they show as JSON, into ``out``.

    ``method`` and ``stage`` as in `similarity_maps`. A query whose first entry is wrong is shown with its first true
    match too, and with what in it speaks for either. ``data``: where the pictures are, should they have moved.
    Sheets that an earlier call left in ``out`` beyond those written now are removed.
    Raises ReseenError for a method, a stage or a picture that does not exist.
    """
    run = open_run(run)
    wanted, progress = wanted or Wanted(), progress or SILENT
    explainer = explainer_of(run)
    stage = checked_stage(explainer.model, method, stage)
    result = saved_evaluation(run, data=data, progress=progress)
    asked = asked_of(result, wanted, explainer=explainer, progress=progress)
    pairs = [pair for group in asked for pair in find_pairs(group, result, top=wanted.top)]
    explained = explain_pairs(explainer, pairs, result.splits.gallery, method=method, stage=stage, progress=progress)
    files = _write_sheets(Path(out), explained, result, words=(method, stage))
    numbers = {"run": str(run.path), "method": method, "stage": stage, "pairs": _numbers(explained, result)}
    write_json(Path(out) / "explain.json", numbers)
    drop_earlier(Path(out), KIND, written=len(files), progress=progress)
    return Explained(explained, [*files, Path(out) / "explain.json"])


def explain_pairs(
    explainer: Explainer,
    pairs: Sequence[Pair],
    gallery: Split,
    *,
    method: str,
    stage: str | None = None,
    progress: Progress,
) -> list[ExplainedPair]:
    """The maps of pairs whose entries are rows of ``gallery``; in their order."""
    explained: list[ExplainedPair] = []
    with progress.bar("explain pairs", total=len(pairs)) as bar:
        for asked, group in groupby(pairs, key=attrgetter("asked")):
            of_table = list(group)
            for start in range(0, len(of_table), BATCH):
                batch = of_table[start : start + BATCH]
                query = explainer.side(asked.split, [pair.row for pair in batch])
                match = explainer.side(gallery, [pair.entry for pair in batch])
                maps = similarity_maps(explainer.model, query, match, method=method, stage=stage)
                explained += [_of_pair(pair, maps, place) for place, pair in enumerate(batch)]
                bar.advance(len(batch))
    return [_with_contrast(one, explainer, gallery, method=method, stage=stage) for one in explained]


def _of_pair(pair: Pair, maps: PairMaps, place: int) -> ExplainedPair:
    return ExplainedPair(
        pair,
        shares=maps.shares[place].cpu().numpy(),
        query=_with_sum(maps.query, place),
        match=_with_sum(maps.match, place),
    )


def _with_sum(maps: Maps, place: int) -> tuple[Values, ...]:
    """One picture's maps: the sum, then each branch where there are several."""
    branches = maps if len(maps) > 1 else ()
    return tuple(values[place].cpu().numpy() for values in (summed(maps), *branches))


def _with_contrast(
    one: ExplainedPair, explainer: Explainer, gallery: Split, *, method: str, stage: str | None
) -> ExplainedPair:
    """The pair as it is or, if another entry was ranked first, with what speaks for its match rather than for that."""
    pair = one.pair
    if pair.rival is None:
        return one
    query = explainer.side(pair.asked.split, [pair.row])
    match, rival = (explainer.side(gallery, [entry]) for entry in (pair.entry, pair.rival))
    maps = contrast_maps(explainer.model, query, match, other=rival, method=method, stage=stage)
    return replace(one, contrast=summed(maps)[0].cpu().numpy())


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
    """What explain.json says of each pair; ``same`` is null where the query's identity is not known."""
    paths = result.splits.gallery.paths
    return [
        {
            "query": str(one.pair.asked.split.paths[one.pair.row]),
            "match": str(paths[one.pair.entry]),
            "rank": one.pair.rank,
            "same": {"match": True, "other": False}.get(one.pair.kind),
            "similarity": float(one.shares.sum()),
            "branches": [float(share) for share in one.shares],
        }
        for one in explained
    ]
