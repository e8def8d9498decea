"""The files of a linking: links.csv, splits.csv, scores.json, tracks.parquet, and linking.json last."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl

from reseen.files import write_atomically, write_json
from reseen.formats import with_format
from reseen.linking import LinkSettings, Way
from reseen.linking.record import LINKING, LINKS, SCORES, SPLITS, TRACKS, doubt_facts, sightings_table
from reseen.linking.splitting import parts_of
from reseen.metrics import Estimate
from reseen.retrieval.linked_tracks import LinkedTracks, Scored


def write_linking(
    done: LinkedTracks, settings: LinkSettings, *, source: str, network: str, truth: pl.DataFrame | None
) -> None:
    """links.csv, splits.csv and scores.json, then linking.json."""
    (done.out / LINKING).unlink(missing_ok=True)  # a folder whose files are of two linkings is not a finished one
    write_atomically(done.out / LINKS, done.links.write_csv)
    _write_splits(done)
    _write_scores(done)
    table = sightings_table(done.linking, done.links, boxes=done.boxes, truth=truth)
    write_atomically(done.out / TRACKS, table.write_parquet)
    facts = {
        "source": source,
        "images": _place(done.tracks.root, done.out),
        "network": network,
        "settings": asdict(settings),
        **_found(done),
    }
    write_json(done.out / LINKING, with_format("linking", facts))


def _write_splits(done: LinkedTracks) -> None:
    """The parts of tracks that were split; no file where none was."""
    if not done.switches:
        (done.out / SPLITS).unlink(missing_ok=True)
        return
    every = parts_of(done.boxes, done.linking.table())
    halves = every.filter(pl.len().over("camera", "track") > 1).sort("camera", "track", "begin")
    write_atomically(done.out / SPLITS, halves.write_csv)


def _write_scores(done: LinkedTracks) -> None:
    """The scores; no file where the truth is unknown."""
    if done.scores is None:
        (done.out / SCORES).unlink(missing_ok=True)
        return
    write_json(done.out / SCORES, scores_as_json(done.scores))


def _found(done: LinkedTracks) -> dict[str, object]:
    """What linking.json says of what was found."""
    linking = done.linking
    return {
        "threshold": linking.threshold,
        "warnings": done.warnings,
        "windows": [_finite(_with_kind(window._asdict())) for window in linking.windows],
        "ways": [_way(way) for way in linking.ways],
        "switches": [switch._asdict() for switch in done.switches],
        "doubts": [doubt_facts(doubt, linking.sightings) for doubt in linking.doubts],
    }


def _place(images: Path, out: Path) -> str:
    """Where images are, from ``out`` where they are in it, so that it can be moved."""
    return str(images.relative_to(out.absolute()) if images.is_relative_to(out.absolute()) else images)


def _finite(values: Mapping[str, object]) -> dict[str, object]:
    """JSON has no infinity: null."""
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in values.items()
    }


def _with_kind(facts: Mapping[str, object]) -> dict[str, object]:
    """Without the kind where there is none."""
    return {name: value for name, value in facts.items() if name != "kind" or value}


def _way(way: Way) -> dict[str, object]:
    times = way.times
    facts = {
        "from": way.origin,
        "to": way.target,
        "kind": way.kind,
        "median": round(times.median, 2),
        "seconds": np.round(times.edges, 2).tolist(),
        "links": np.round(times.links, 2).tolist(),
    }
    return _with_kind(facts)


def scores_as_json(scores: Scored) -> dict[str, object]:
    """As in scores.json: shares, with identities of one camera left out; intervals; the same of all, and of kinds."""
    aic, every = scores.several_cameras._asdict(), scores.all_identities._asdict()
    intervals = {name: [value.low, value.high] for name, value in aic.items() if isinstance(value, Estimate)}
    halves = {} if scores.parts is None else {"parts": _values(scores.parts._asdict())}
    return {
        **_values(aic),
        "intervals": intervals,
        "rule": "identities that are linked in one camera alone are left out, as the AI City Challenge does",
        "all_identities": _values(every),
        **halves,
        **({"kinds": {kind: _values(own._asdict()) for kind, own in scores.kinds.items()}} if scores.kinds else {}),
    }


def _values(scores: Mapping[str, Estimate | None]) -> dict[str, float | None]:
    return {name: None if value is None else value.value for name, value in scores.items()}
