"""Part 2: what the whole training loop reaches of the bare step, and of the releases' loop, on the same images."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import repeat
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import torch

from gpu.part import Cell, Row, Setting
from gpu.release_loop import release_images_per_second
from gpu.rendered import rendered
from reseen.data.datasets import read_data
from reseen.data.table import Splits
from reseen.engine.assemble import assemble
from reseen.engine.checkpoint import Place
from reseen.engine.hardware import launch
from reseen.engine.loop import EpochStats, LoopParts, train_epoch, train_step
from reseen.engine.pretrained import resolved
from reseen.progress import Silent
from reseen.tasks.reid.components import build_components
from reseen.tasks.reid.recipe import Recipe, read_recipe


class Scale(NamedTuple):
    """The rendered set, the images' size, and how many steps are timed after how many that are not."""

    identities: int
    images: int
    image_size: int
    batch: tuple[int, int]
    backbone: str
    steps: int
    warm: int


FULL = Scale(400, 16_000, 256, (16, 4), "resnet50", steps=150, warm=20)
SMOKE = Scale(8, 40, 32, (2, 2), "test_resnet", steps=2, warm=1)


def cells(setting: Setting) -> Iterator[Cell]:
    """Rendering, the loop eager and compiled, the loader alone, the releases' loop."""
    bench = Bench(setting)
    yield Cell("render", 45.0, bench.render)
    for name, attention in (("plain", None), ("rga_sc", "rga_sc")):
        yield Cell(f"{name} eager", 20.0, partial(bench.loop, name, attention, compiled=False))
    yield Cell("loader alone", 10.0, bench.loader)
    for precision in ("amp", "fp32"):
        yield Cell(f"releases' loop {precision}", 20.0, partial(bench.release, precision))
    for name, attention in (("plain", None), ("rga_sc", "rga_sc")):
        if not setting.smoke:
            yield Cell(f"{name} compiled", 60.0, partial(bench.loop, name, attention, compiled=True))


class Bench:
    """The measurements, all on one rendered set of vehicles."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.scale = SMOKE if setting.smoke else FULL

    def render(self) -> Iterator[Row]:
        """The set, and how fast it came."""
        began = perf_counter()
        self.data()
        seconds = perf_counter() - began
        yield {"row": "render", "pictures": self.scale.images, "seconds": seconds}

    def data(self) -> Path:
        """The folder of the set."""
        scale = self.scale
        return rendered(
            self.setting, "vehicle", identities=scale.identities, images=scale.images, image_size=scale.image_size
        )

    def loop(self, name: str, attention: str | None, *, compiled: bool) -> Iterator[Row]:
        """The loop of `reseen train` from files to the step, beside the step alone on one batch that lies ready."""
        row = f"{name} {'compiled' if compiled else 'eager'}"
        parts = self._parts(self.recipe(attention, compiled=compiled))
        whole, waiting = whole_loop(parts, warm=self.scale.warm, steps=self.scale.steps)
        bare = bare_steps(parts, warm=self.scale.warm, steps=self.scale.steps, device=self.setting.device)
        yield {
            "row": row,
            "images/s": whole,
            "bare step images/s": bare,
            "of the bare step": whole / bare,
            "waits for images": waiting,
        }

    def loader(self) -> Iterator[Row]:
        """How fast images come when nobody trains."""
        parts = self._parts(self.recipe(None, compiled=False))
        parts.batches.set_epoch(0)
        times = []
        images = 0
        for batch in parts.loader:
            times.append(perf_counter())
            images = len(batch.image)
            if len(times) > self.scale.steps:
                break
        yield {"row": "loader alone", "images/s": images * (len(times) - 1) / (times[-1] - times[0])}

    def release(self, precision: str) -> Iterator[Row]:
        """The loop as the releases of RGA and MBR describe theirs."""
        reached = release_images_per_second(
            self._splits(),
            backbone=self.scale.backbone,
            image_size=(self.scale.image_size, self.scale.image_size),
            batch=self.scale.batch,
            precision=precision,
            device=self.setting.device,
            workers=min(8, self.setting.workers),
            warm=self.scale.warm,
            steps=self.scale.steps,
        )
        yield {"row": f"releases' loop {precision}", "images/s": reached}

    def recipe(self, attention: str | None, *, compiled: bool) -> Recipe:
        """The Bag-of-Tricks recipe for vehicles from random weights, with what the hardware can do."""
        identities, images = self.scale.batch
        side = self.scale.image_size
        settings = [
            f"data.image_size=[{side}, {side}]",
            f"data.workers={self.setting.workers}",
            f"model.backbone='{self.scale.backbone}'",
            f"hardware.accelerator='{self.setting.device}'",
            "model.weights='none'",
            f"sampler.identities={identities}",
            f"sampler.images={images}",
            "training.warmup.epochs=1",
            f"hardware.precision='{'bf16' if self.setting.device == 'cuda' else 'fp32'}'",
            "hardware.channels_last=true",
            f"hardware.compile={'true' if compiled else 'false'}",
        ]
        if attention is not None:
            reductions = {"reduction": 2, "gate_reduction": 1} if self.setting.smoke else {}
            line = ", ".join([f"name='{attention}'", *(f"{key}={value}" for key, value in reductions.items())])
            settings.append(f"model.attention.every_stage={{{line}}}")
        return resolved(read_recipe("veri776-resnet50-bot", overrides=settings))

    def _splits(self) -> Splits:
        return read_data(self.data(), layout="auto", seed=0)

    def _parts(self, recipe: Recipe) -> LoopParts:
        fabric = launch(recipe.hardware)
        return assemble(build_components(recipe, self._splits(), rank=0, world_size=1), recipe, fabric=fabric)


def whole_loop(parts: LoopParts, *, warm: int, steps: int) -> tuple[float, float]:
    """Images a second of the loop itself, epoch after epoch, and the share of the time it waits for the loader."""
    clock = Clock(parts.loader, warm=warm, last=warm + steps)
    watched = replace(parts, loader=clock)  # type: ignore[arg-type]
    place, stats = Place(), EpochStats()
    while not clock.over():  # an epoch may be shorter than what is timed
        place = train_epoch(watched, place, stats, stop_requested=clock.asked, bar=Silent())
    images = stats.images / stats.steps * steps
    return images / clock.seconds, clock.waited / clock.seconds


class Clock:
    """A loader that is timed: from the end of step ``warm`` to the end of step ``last``."""

    def __init__(self, loader: Any, *, warm: int, last: int) -> None:
        self.loader, self.warm, self.last = loader, warm, last
        self.steps = 0
        self.waited = 0.0
        self._times: dict[int, float] = {}

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self.loader)
        while True:
            began = perf_counter()
            batch = next(batches, None)
            if self.steps >= self.warm:
                self.waited += perf_counter() - began
            if batch is None:
                return
            self.steps += 1
            yield batch
            self._mark()

    def asked(self) -> bool:
        """Called after each step but an epoch's last; whether that was the last of all."""
        self._mark()
        return self.over()

    def _mark(self) -> None:
        """Note when a step that bounds the timed ones was through."""
        if self.steps in {self.warm, self.last} and self.steps not in self._times:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self._times[self.steps] = perf_counter()

    def over(self) -> bool:
        """Whether the last step is done."""
        return self.steps >= self.last

    @property
    def seconds(self) -> float:
        """How long the timed steps took."""
        return self._times[self.last] - self._times[self.warm]


def bare_steps(parts: LoopParts, *, warm: int, steps: int, device: str) -> float:
    """Images a second of forward, backward and the optimiser on one batch that already lies on the device."""
    parts.batches.set_epoch(0)
    batch = parts.fabric.to_device(next(iter(parts.loader)))
    wait: Callable[[], None] = torch.cuda.synchronize if device == "cuda" else lambda: None
    began = 0.0
    for number, each in enumerate(repeat(batch, warm + steps)):
        if number == warm:
            wait()
            began = perf_counter()
        train_step(parts, each, Place(), epoch_fraction=0.0, step_optimizer=True)
    wait()
    return len(batch.image) * steps / (perf_counter() - began)
