"""The thresholds that were calibrated for a network, where they hold for it as it is deployed: a picture alone."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from reseen.deploy.search_threshold import MOST, SearchThreshold
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.tasks.reid.recipe import Evaluation

_WITHHELD = "withheld"
_EVALUATED = "this network was evaluated with pictures' cameras and views; a picture alone is embedded without them"


class Calibrated(NamedTuple):
    """Thresholds of two pictures (``pair``) and of a ``search``, None without, and what a user should be told."""

    pair: float | None
    search: SearchThreshold | None
    note: str


def calibrated_for(evaluation: Evaluation, *, metadata: bool, path: Path) -> Calibrated:
    """What the calibration at ``path`` says for a network that was evaluated so; nothing where there is no such file.

    ``metadata``: the network learned cameras and views. A picture without them has another vector than with them, so
    thresholds that were found with them, or under another flip test, are left out, and the note says so. Raises
    ReseenError for a damaged file.
    """
    found = read_json(path) if path.is_file() else {}
    others = _otherwise(found, evaluation, metadata=metadata)
    clauses = [_EVALUATED] if metadata and evaluation.metadata != _WITHHELD else []
    if others:
        return Calibrated(None, None, "; ".join([*clauses, others]))
    return Calibrated(_pair(found, path), _search(found, path), "; ".join(clauses))


def _otherwise(found: Mapping[str, object], evaluation: Evaluation, *, metadata: bool) -> str:
    """Why these thresholds are not for a picture alone as this network sees it; "" where they are.

    Calibrations of before this was written down were made as the evaluation was.
    """
    if not found:
        return ""
    flip, told = found.get("flip"), found.get("metadata") or evaluation.metadata
    if flip is not None and flip != evaluation.flip:
        how = "with" if flip else "without"
        return f"its thresholds were found {how} the flip test and are not used: calibrate again"
    if metadata and told != _WITHHELD:
        return (
            "its thresholds were found with cameras and views and are not used: "
            f"`reseen calibrate RUN --metadata {_WITHHELD}` finds others"
        )
    return ""


def _pair(found: Mapping[str, object], path: Path) -> float | None:
    return _number(found, "threshold", path=path, most=1) if found else None


def _search(found: Mapping[str, object], path: Path) -> SearchThreshold | None:
    search = found.get("identification")
    if search is None:  # a calibration of before there was one
        return None
    if not isinstance(search, Mapping):
        raise ReseenError(f"{path}: expected an identification with its threshold, got {search!r}")
    records, doubling = search.get("records", 0), search.get("doubling", 0.0)
    if not isinstance(records, int) or records < 0:
        raise ReseenError(f"{path}: expected a number of records, got {records!r}")
    if not isinstance(doubling, int | float) or not 0 <= doubling < math.inf:
        raise ReseenError(f"{path}: expected a rise of the threshold from 0 on, got {doubling!r}")
    return SearchThreshold(_number(search, "threshold", path=path, most=MOST), records, float(doubling))


def _number(values: Mapping[str, object], name: str, *, path: Path, most: float) -> float:
    value = values.get(name)
    if not isinstance(value, int | float) or not -1 <= value <= most:
        raise ReseenError(f"{path}: expected a {name} from -1 to 1, got {value!r}")
    return float(value)
