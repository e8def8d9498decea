"""Part 3: does attention pay? Persons and vehicles, all with twins, from random weights; several runs at once."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import accuracy
from accuracy import beside_first, held_out, with_intervals
from gpu.part import Cell, Row, Setting
from gpu.rendered import rendered

HERE = Path(__file__).parent
AT_ONCE = 4
"""Runs on the card at a time: small images leave it room."""


class Study(NamedTuple):
    """Rows on one kind of set. The first row is what the others are compared with; ``trial``: rows that choose."""

    kind: str
    identities: int
    images: int
    image_size: int
    rows: tuple[str, ...]
    trial: tuple[str, ...]
    rates: tuple[float, ...]
    trial_epochs: int
    settings: tuple[str, ...] = ()


ATTENTIONS = ("baseline", "rga_sc", "rga_sc+neutral", "lka", "rga_s", "rga_c", "hca", "rga_s+neutral")
PERSONS = Study("person", 1500, 32_000, 128, ATTENTIONS, ("baseline", "rga_sc"), (1e-3, 3e-3), 5)
BRANCHES = ("mbr_r50", "mbr_4b", "mbr_4b_lka", "mbr_4b_hca", "lka_reid", "mbr_4b+metadata", "lka_reid+metadata")
VEHICLES = Study("vehicle", 776, 50_000, 128, BRANCHES, ("mbr_r50", "lka_reid"), (5e-4, 1.5e-3), 2)

TOY = (
    "model.backbone='test_resnet'",
    "model.attention.every_stage={name='rga_sc', reduction=2, gate_reduction=1}",
    "data.image_size=[32, 32]",
    "training.epochs=1",
    "hardware.precision='fp32'",
    "sampler.identities=2",
    "sampler.images=2",
)
TOY_PERSONS = Study("person", 16, 64, 64, ("baseline", "rga_sc+neutral"), ("baseline",), (1e-3,), 1, TOY)


def cells(setting: Setting) -> Iterator[Cell]:
    """A budget from held-out training identities, then seed by seed, as many rows at once as fit."""
    studies = (TOY_PERSONS,) if setting.smoke else (PERSONS, VEHICLES)
    for study in studies:
        yield Cell(f"{study.kind}s: trial", 90.0, partial(trial, study, setting))
    for seed in range(1 if setting.smoke else 3):
        for study in studies:
            for first in range(0, len(study.rows), AT_ONCE):
                rows = study.rows[first : first + AT_ONCE]
                name = f"{study.kind}s: {', '.join(rows)}, seed {seed}"
                yield Cell(name, 240.0, partial(runs, study, setting, rows=rows, seed=seed))


def trial(study: Study, setting: Setting) -> Iterator[Row]:
    """Each learning rate, trained and scored on training identities alone."""
    for job in trained(trial_jobs(study, setting), setting):
        yield {"row": f"{study.kind}s: {job.row} on held-out identities, {job.out.name}", **job.told()}


def trial_jobs(study: Study, setting: Setting) -> list["Job"]:
    """A short run of each row that chooses, with each rate."""
    folder = setting.scratch / f"{study.kind}s-trial"
    table = held_out(data_of(study, setting), folder / "held-out.csv", share=0.2)
    epochs = f"training.epochs={study.trial_epochs}"
    return [
        Job(study, row, 0, table, folder / f"rate {rate:g}", (epochs, rate_line(rate)))
        for rate in study.rates
        for row in study.trial
    ]


def best_rate(study: Study, setting: Setting) -> float:
    """The rate whose trials scored best on the whole; the study's first where there were none."""
    jobs = trial_jobs(study, setting)
    scores = {
        rate: [job.mean_average_precision() for job in jobs if rate_line(rate) in job.settings] for rate in study.rates
    }
    return max(study.rates, key=lambda rate: sum(scores[rate]))


def runs(study: Study, setting: Setting, *, rows: Sequence[str], seed: int) -> Iterator[Row]:
    """Rows of one seed, trained at once; each beside the first row of the study."""
    out = setting.scratch / f"{study.kind}s"
    rate = best_rate(study, setting)
    data = data_of(study, setting)
    for job in trained([Job(study, row, seed, data, out, (rate_line(rate),)) for row in rows], setting):
        row = {"row": f"{study.kind}s: {job.row}, seed {seed}", "learning rate": rate, **job.told()}
        if job.finished() and job.row != study.rows[0] and job._replace(row=study.rows[0]).finished():
            found = beside_first(out, study.rows[0], job.row, seed=seed)["differences"]["mAP"]
            row |= {"beside the first": found["value"], "its 95 %": ends(found), "p": found["p_value"]}
        yield row


class Job(NamedTuple):
    """One training of one row, by `benchmarks/accuracy.py` in a process of its own. ``failure``: what it died of."""

    study: Study
    row: str
    seed: int
    data: Path
    out: Path
    settings: tuple[str, ...]
    failure: str = ""

    @property
    def run(self) -> Path:
        """Where the run is kept."""
        return self.out / self.row / f"seed-{self.seed}"

    def finished(self) -> bool:
        """Whether it was trained and scored."""
        return (self.run / "scores.json").exists()

    def told(self) -> Row:
        """Its scores with their intervals, or what went wrong."""
        if not self.finished():
            return {"failed": self.failure or "not trained"}
        scores = with_intervals(self.run)
        mean = scores["mAP"]
        return {"mAP": mean["value"], "mAP 95 %": ends(mean), "rank-1": scores["rank1"]["value"]}

    def mean_average_precision(self) -> float:
        """Its mAP in points; 0 for a run that failed."""
        return with_intervals(self.run)["mAP"]["value"] if self.finished() else 0.0

    def arguments(self, setting: Setting) -> list[str]:
        """What `benchmarks/accuracy.py` is told; a run that is finished is not trained again."""
        workers = 0 if setting.smoke else max(1, setting.workers // AT_ONCE)
        chosen = [*self.study.settings, *self.settings, f"hardware.accelerator='{setting.device}'"]
        chosen.append(f"data.workers={workers}")
        told = ["--data", str(self.data), "--out", str(self.out), "--rows", self.row, "--seeds", str(self.seed)]
        recipe = str(HERE / f"{self.study.kind}s.toml")
        return [recipe, *told, *(word for line in chosen for word in ("--set", line))]


def trained(jobs: Sequence[Job], setting: Setting) -> Iterator[Job]:
    """The jobs after training, ``AT_ONCE`` at a time; one whose process failed says so. A smoke test stays in here."""
    if setting.smoke:
        for job in jobs:
            accuracy.main(job.arguments(setting))
            yield job
        return
    for first in range(0, len(jobs), AT_ONCE):
        some = jobs[first : first + AT_ONCE]
        begun = [begin([sys.executable, accuracy.__file__, *job.arguments(setting)]) for job in some]
        for job, process in zip(some, begun, strict=True):
            said = process.communicate()[1].strip().splitlines()
            yield job._replace(failure=said[-1] if said and process.returncode else "")


def begin(command: Sequence[str]) -> subprocess.Popen[str]:
    """A process whose errors are kept, and which finds the package where this one did."""
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, env=found, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def data_of(study: Study, setting: Setting) -> Path:
    """The study's set, every identity of which has a twin."""
    sizes = {"identities": study.identities, "images": study.images, "image_size": study.image_size}
    return rendered(setting, study.kind, **sizes, twins=1.0)


def rate_line(rate: float) -> str:
    """A learning rate as a recipe's setting."""
    return f"optimizer.learning_rate={rate:g}"


def ends(found: Mapping[str, float]) -> str:
    """An interval in words."""
    return f"{found['low']:.1f} to {found['high']:.1f}"
