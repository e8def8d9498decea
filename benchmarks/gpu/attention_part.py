"""Part 1: what attention and the systems cost beside the plain network, and whether they compute the same there."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from statistics import median
from typing import NamedTuple

import torch
import torch._dynamo.config as compiler
from torch import nn

from attention import made, seconds, work
from gpu.equality import equality_cells
from gpu.part import Cell, Row, Setting

PERSONS, VEHICLES = (256, 128), (256, 256)
MIB = 2**20


class Case(NamedTuple):
    """A model under one way of running it. ``mode``: eager, or one of `torch.compile`'s. ``first``: the row beside."""

    model: str
    first: str
    size: tuple[int, int]
    batch: int
    precision: str
    mode: str

    @property
    def name(self) -> str:
        """What the row is called."""
        return f"{self.model} {self.precision} {self.mode}"


def cells(setting: Setting) -> Iterator[Cell]:
    """In order of value: what the goal asks for, equality, the rest."""
    bench = Bench(setting)
    if setting.smoke:
        yield bench.cell(Case("rga_sc", "plain", (256, 64), 2, "bf16", "eager"))
        yield from equality_cells(setting)
        return
    persons = [persons_case(model, "bf16", "eager") for model in ("plain", "rga_sc", "rga_s", "rga_c", "direct")]
    vehicles = [vehicles_case(model, "bf16", "eager") for model in ("mbr_4b", "lka_reid")]
    yield from map(bench.cell, [*persons, *vehicles])
    yield from equality_cells(setting)
    yield from map(bench.cell, [persons_case(model, "bf16", "default") for model in ("plain", "rga_sc")])
    yield from map(bench.cell, [case._replace(precision="fp32 (tf32)") for case in (*persons, *vehicles)])
    yield from map(bench.cell, [persons_case(model, "bf16", "reduce-overhead") for model in ("plain", "rga_sc")])
    yield from map(bench.cell, [vehicles_case(model, "bf16", "default") for model in ("mbr_4b", "lka_reid")])
    yield from map(bench.cell, [persons_case(model, "bf16", "default") for model in ("rga_s", "rga_c", "direct")])


def persons_case(model: str, precision: str, mode: str) -> Case:
    """A single-branch model at the persons' size."""
    return Case(model, "plain", PERSONS, 64, precision, mode)


def vehicles_case(model: str, precision: str, mode: str) -> Case:
    """A multi-branch model at the vehicles' size."""
    return Case(model, "mbr_4b", VEHICLES, 48, precision, mode)


class Bench:
    """Measures cases, each in turn with the first of its kind, which stays on the device while the kind lasts."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._first: tuple[Case, Pieces] | None = None

    def cell(self, case: Case) -> Cell:
        """The cell of a case; compiling takes most of a minute."""
        return Cell(case.name, 6.0 if case.mode == "eager" else 50.0, partial(self.measure, case))

    def measure(self, case: Case) -> Iterator[Row]:
        """Times, memory, and their ratios to the first's."""
        with matmul_precision(case.precision):
            first = self._pieces_of_first(case)
            own = first if case.model == case.first else Pieces(case, self.setting)
            rounds = {kind: [self._round(own, first, kind=kind) for _ in range(self._rounds)] for kind in KINDS}
        times = {kind: median(own for own, _ in pairs) for kind, pairs in rounds.items()}
        ratios = {kind: median(own / other for own, other in pairs) for kind, pairs in rounds.items()}
        yield {
            "row": case.name,
            "pictures": f"{case.size[0]} x {case.size[1]}",
            "batch": case.batch,
            "forward ms": 1e3 * times["forward"],
            "step ms": 1e3 * times["step"],
            "images/s (step)": case.batch / times["step"],
            "peak MiB": own.peak and own.peak / MIB,
            "beside": case.first,
            "forward x": ratios["forward"],
            "step x": ratios["step"],
            "peak x": own.peak and first.peak and own.peak / first.peak,
        }

    @property
    def _rounds(self) -> int:
        return 1 if self.setting.smoke else 5

    def _pieces_of_first(self, case: Case) -> "Pieces":
        """Compiled code of another kind is dropped: it counts against the compiler's limit of forms of one function."""
        kind = case._replace(model=case.first)
        if self._first is None or self._first[0] != kind:
            self._first = None
            torch.compiler.reset()
            self._first = kind, Pieces(kind, self.setting)
        return self._first[1]

    def _round(self, own: "Pieces", first: "Pieces", *, kind: str) -> tuple[float, float]:
        """Seconds of the one and of the other."""
        times = [seconds(pieces.work[kind], pieces.options) for pieces in dict.fromkeys((own, first))]
        return times[0], times[-1]


KINDS = ("forward", "step")


class Pieces:
    """A model on its device with its two pieces of work, warmed up. ``peak``: bytes of a step, None on the CPU."""

    def __init__(self, case: Case, setting: Setting) -> None:
        on_card = setting.device == "cuda"
        before = reset_peak() if on_card else 0
        self.options = options_of(case, setting)
        model = made(case.model, case.size, self.options)
        self.work = work(compiled(model, case.mode), self.options, batch=case.batch, size=case.size)
        for kind in KINDS:
            for _ in range(0 if setting.smoke else 3):
                self.work[kind]()
        self.peak = torch.cuda.max_memory_allocated() - before if on_card else None


def reset_peak() -> int:
    """Bytes held on the card now, from where a peak is counted."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_allocated()


def options_of(case: Case, setting: Setting) -> Namespace:
    """The case as `benchmarks/attention.py` takes it."""
    return Namespace(
        device=setting.device,
        precision="bf16" if case.precision == "bf16" else "fp32",
        channels_last=True,
        compile=False,
        repeats=1 if setting.smoke else 10,
    )


def compiled(model: nn.Module, mode: str) -> nn.Module:
    """The model as it is, or compiled anew for each shape and precision it meets."""
    if mode == "eager":
        return model
    compiler.recompile_limit = 64
    made_faster: Callable[..., nn.Module] = torch.compile
    return made_faster(model, mode=mode, dynamic=False)


def matmul_precision(precision: str) -> AbstractContextManager[object]:
    """Products of float32 in tf32, for as long as the block lasts."""
    return Tf32() if "tf32" in precision else nullcontext()


class Tf32:
    """Matrix products and convolutions of float32 in tf32 inside the block."""

    def __enter__(self) -> None:
        self._before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("high")

    def __exit__(self, *_: object) -> None:
        torch.set_float32_matmul_precision(self._before)
