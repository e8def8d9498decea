"""How far a training has come, as its run's last checkpoint keeps it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from reseen.engine.checkpoint import Place, load_checkpoint, save_checkpoint
from reseen.engine.loop import EpochStats, LoopParts
from reseen.engine.run import Run
from reseen.progress import Progress


@dataclass
class TrainingState:
    """How far a run has come: its place, the sums of the epoch, the best score and the finished epochs' rows."""

    place: Place = field(default_factory=Place)
    stats: EpochStats = field(default_factory=EpochStats)
    best: float | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def scoring_seconds(self) -> float | None:
        """Of the last scoring; None before the first."""
        timed: list[float] = [row["scoring_seconds"] for row in self.rows if "scoring_seconds" in row]
        return timed[-1] if timed else None


def restored(run: Run, parts: LoopParts, *, progress: Progress) -> TrainingState:
    """The state of the run's last checkpoint, which is loaded into the parts; a new state without one."""
    if not run.last_checkpoint.exists():
        return TrainingState()
    saved = load_checkpoint(run.last_checkpoint)
    _load_parts(parts, saved)
    place = Place(*saved["place"])
    progress.say(f"resumed at epoch {place.epoch + 1}, step {place.step + 1}{_processes_changed(saved, parts)}")
    rows = [row for row in run.metrics() if int(str(row["epoch"])) <= place.epoch]
    return TrainingState(place, EpochStats(**saved["tally"]), saved["best"], rows)


def save_state(run: Run, parts: LoopParts, state: TrainingState) -> None:
    """Metrics first, then the checkpoint: a kill in between only makes the resumed run write that epoch again."""
    if parts.fabric.is_global_zero:
        run.save_metrics(state.rows)
        save_checkpoint(run.last_checkpoint, _values(parts, state))
    parts.fabric.barrier()


def _values(parts: LoopParts, state: TrainingState) -> dict[str, object]:
    """What a checkpoint holds."""
    return {
        "place": tuple(state.place),
        "processes": parts.fabric.world_size,
        "tally": asdict(state.stats),
        "best": state.best,
        "learner": parts.learner.state_dict(),
        "optimizer": parts.optimizer.state_dict(),
        "precision": parts.fabric.strategy.precision.state_dict(),
        "averaged": None if parts.averaged is None else parts.averaged.module.state_dict(),
    }


def _load_parts(parts: LoopParts, saved: Mapping[str, Any]) -> None:
    """Load a checkpoint's tensors into the loop's objects."""
    parts.learner.load_state_dict(saved["learner"])
    parts.optimizer.load_state_dict(saved["optimizer"])
    parts.fabric.strategy.precision.load_state_dict(saved["precision"])
    if parts.averaged is not None:
        parts.averaged.module.load_state_dict(saved["averaged"])


def _processes_changed(saved: Mapping[str, Any], parts: LoopParts) -> str:
    """The note for another number of processes than before: batches are the same, so a place means the same."""
    before, now = saved.get("processes", 1), parts.fabric.world_size
    return "" if before == now else f"; processes: {before} before, {now} now, which share the same batches"
