"""The calibrated thresholds of a network, if they hold for its deployed form, which sees images without metadata."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from reseen.deploy.search_threshold import MOST, SearchThreshold
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.match_odds import MatchOdds
from reseen.tasks.reid.recipe import Evaluation

_WITHHELD = "withheld"
_EVALUATED = "this network was evaluated with the cameras and views of images; an image alone is embedded without them"


class Calibrated(NamedTuple):
    """Thresholds of two images (``pair``) and of a ``search``, None without one, and a ``note`` for users."""

    pair: float | None
    search: SearchThreshold | None
    note: str


def calibrated_for(evaluation: Evaluation, *, metadata: bool, path: Path) -> Calibrated:
    """The thresholds in the file ``path`` that hold for a network evaluated in this way; none if there is no file.

    ``metadata``: the network learned cameras and views. It gives an image another vector without them, so thresholds
    found with them, or with another flip test, are left out, and the note says so. Raises ReseenError for a damaged
    file.
    """
    calibration = read_json(path) if path.is_file() else {}
    conflict = _conflict(calibration, evaluation, metadata=metadata)
    clauses = [_EVALUATED] if metadata and evaluation.metadata != _WITHHELD else []
    if conflict:
        return Calibrated(None, None, "; ".join([*clauses, conflict]))
    return Calibrated(_pair(calibration, path), _search(calibration, path), "; ".join(clauses))


def _conflict(calibration: Mapping[str, object], evaluation: Evaluation, *, metadata: bool) -> str:
    """The reason why these thresholds do not hold for an image without metadata, or "".

    Calibrations of older versions do not name their settings; they were made with the evaluation's.
    """
    if not calibration:
        return ""
    flip, visible = calibration.get("flip"), calibration.get("metadata") or evaluation.metadata
    if flip is not None and flip != evaluation.flip:
        how = "with" if flip else "without"
        return f"its thresholds were found {how} the flip test and are not used: calibrate again"
    if metadata and visible != _WITHHELD:
        return (
            "its thresholds were found with cameras and views and are not used: "
            f"`reseen calibrate RUN --metadata {_WITHHELD}` finds others"
        )
    return ""


def _pair(calibration: Mapping[str, object], path: Path) -> float | None:
    return _number(calibration, "threshold", path=path, most=1) if calibration else None


def _search(calibration: Mapping[str, object], path: Path) -> SearchThreshold | None:
    search = calibration.get("identification")
    if search is None:  # a calibration of an older version
        return None
    if not isinstance(search, Mapping):
        raise ReseenError(f"{path}: expected an identification with its threshold, got {search!r}")
    records, doubling = search.get("records", 0), search.get("doubling", 0.0)
    if not isinstance(records, int) or records < 0:
        raise ReseenError(f"{path}: expected a number of records, got {records!r}")
    if not isinstance(doubling, int | float) or not 0 <= doubling < math.inf:
        raise ReseenError(f"{path}: expected a rise of the threshold from 0 on, got {doubling!r}")
    odds = _odds(search.get("odds"), path=path)
    return SearchThreshold(_number(search, "threshold", path=path, most=MOST), records, float(doubling), odds)


def _odds(values: object, *, path: Path) -> MatchOdds | None:
    """None for a calibration of an older version, or of too few identities."""
    try:
        return TypeAdapter(MatchOdds | None).validate_python(values)
    except ValidationError:
        raise ReseenError(f"{path}: expected the odds of a best match, got {values!r}") from None


def _number(values: Mapping[str, object], name: str, *, path: Path, most: float) -> float:
    value = values.get(name)
    if not isinstance(value, int | float) or not -1 <= value <= most:
        raise ReseenError(f"{path}: expected a {name} from -1 to 1, got {value!r}")
    return float(value)
