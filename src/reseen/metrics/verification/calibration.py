"""Calibration: thresholds on the cosine with the errors made at them, saved as one JSON file beside the model."""

from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.metrics.confidence.rates import Estimate
from reseen.metrics.verification.identification import Identification
from reseen.metrics.verification.roc import Roc


@dataclass(frozen=True)
class Calibration:
    """Rates are fractions with their intervals.

    ``threshold``: the lowest at which the wanted false accept rate is kept; ``false_accept_rate`` (share of impostor
    pairs accepted) and ``false_reject_rate`` (share of genuine pairs rejected) are those at it. ``equal_error_rate``:
    where the two meet, at ``equal_error_threshold``. ``identification``: the same for searches, which have their own
    threshold. ``settings`` says how this was computed, ``source`` from which images. ``flip`` and ``metadata``: how
    the images were embedded, as in the evaluation's settings of these names; None where that was not recorded.
    """

    wanted_false_accept_rate: float
    threshold: float
    false_accept_rate: Estimate
    false_reject_rate: Estimate
    equal_error_threshold: float
    equal_error_rate: Estimate
    identification: Identification
    roc: Roc
    genuine_pairs: int
    impostor_pairs: int
    identities: int
    confidence: float
    settings: str
    source: str = ""
    flip: bool | None = None
    metadata: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    def save(self, path: Path) -> None:
        """Write one JSON file, whole or not at all."""
        write_json(path, self.as_dict())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote. ReseenError: no such file, or something else."""
        try:
            return TypeAdapter(cls).validate_json(path.read_bytes())
        except OSError as error:
            raise ReseenError(f"{path}: no calibration can be read there: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the file"
            raise ReseenError(f"{path}: expected a calibration as JSON; {place}: {first['msg'].lower()}") from None


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return {name: _plain(part) for name, part in value._asdict().items()} if hasattr(value, "_asdict") else value
