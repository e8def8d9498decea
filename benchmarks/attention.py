"""What attention costs: plain ResNet-50, RGA-SC as here, RGA-SC as its paper writes it; and LKA-ReID beside MBR-4B.

    python benchmarks/attention.py [--threads 2] [--batch 8] [--rounds 5]
    python benchmarks/attention.py --device cuda --batch 64 --wide-batch 48 --precision bf16 --channels-last [--compile]

A step is forward, cross-entropy and backward, without the optimiser, which costs all alike. Within a round the models
run in turn; ratios are taken round by round, and their median is printed. Peak memory is that of a process of its own.
"""

import argparse
import re
import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor, nn

from reseen import build_model
from reseen.backbones import build_backbone
from reseen.models.embedder import single_branch
from reseen.types import FeatureMap

PERSONS, VEHICLES = (256, 128), (256, 256)
GROUPS = {PERSONS: ("plain", "rga_sc", "direct"), VEHICLES: ("mbr_4b", "lka_reid")}
"""Size of images -> models, each compared with the first."""
NAMES = {"plain": "resnet50_bot"}
IDENTITIES = 575


class DirectRelation(nn.Module):
    """One half of RGA as the paper and its release write it, with the affinity of all pairs."""

    def __init__(self, features: int, nodes: int) -> None:
        super().__init__()
        thin, relations = features // 8, nodes // 8
        hidden = (1 + relations) // 8
        self.theta, self.phi, self.own = (block(features, thin) for _ in range(3))
        self.relate = block(2 * nodes, relations)
        self.gate = nn.Sequential(
            block(1 + relations, hidden), nn.Conv2d(hidden, 1, 1, bias=False), nn.BatchNorm2d(1), nn.Sigmoid()
        )

    def forward(self, nodes: Tensor) -> Tensor:
        """(B, F, M, 1) -> (B, 1, M, 1)."""
        theta, phi = self.theta(nodes).squeeze(3), self.phi(nodes).squeeze(3)
        affinity = torch.matmul(theta.transpose(1, 2), phi)
        relations = self.relate(torch.cat([affinity.transpose(1, 2), affinity], dim=1).unsqueeze(3))
        gates: Tensor = self.gate(torch.cat([self.own(nodes).mean(dim=1, keepdim=True), relations], dim=1))
        return gates


class DirectAttention(nn.Module):
    """Spatial, then channel."""

    def __init__(self, feature_map: FeatureMap) -> None:
        super().__init__()
        channels, height, width = feature_map
        self.spatial = DirectRelation(channels, height * width)
        self.channel = DirectRelation(height * width, channels)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        gates = self.spatial(maps.flatten(2).unsqueeze(3))
        maps = maps * gates.reshape(len(maps), 1, *maps.shape[2:])
        return maps * self.channel(maps.flatten(2).transpose(1, 2).unsqueeze(3)).transpose(1, 2)


def block(inputs: int, outputs: int) -> nn.Module:
    """The paper's 1 x 1 convolution with norm and ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def made(name: str, size: tuple[int, int], options: argparse.Namespace) -> nn.Module:
    """A model on its device, in its memory format, compiled if asked."""
    torch.manual_seed(0)
    if name == "direct":
        attention = {"every_stage": DirectAttention}
        backbone = build_backbone("resnet50", image_size=size, last_stride=1, attention=attention)
        model: nn.Module = single_branch(backbone, num_identities=IDENTITIES)
    else:
        model = build_model(NAMES.get(name, name), num_identities=IDENTITIES, image_size=size)
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    model = model.to(options.device, memory_format=layout)
    return torch.compile(model) if options.compile else model


def work(
    model: nn.Module, options: argparse.Namespace, *, batch: int, size: tuple[int, int]
) -> dict[str, Callable[[], None]]:
    """Name -> one piece of work on a fixed batch."""
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    images = torch.randn(batch, 3, *size, device=options.device).to(memory_format=layout)
    labels = torch.arange(batch, device=options.device)

    def forward() -> None:
        model.eval()
        with torch.no_grad(), precision(options):
            model(images)

    def step() -> None:
        model.train()
        with precision(options):
            logits = model(images).logits
        loss = torch.stack([nn.functional.cross_entropy(each.float(), labels) for each in logits]).sum()
        loss.backward()
        model.zero_grad()

    return {"forward": forward, "step": step}


def precision(options: argparse.Namespace) -> AbstractContextManager[object]:
    """Autocast to bfloat16, or nothing."""
    return torch.autocast(options.device, dtype=torch.bfloat16) if options.precision == "bf16" else nullcontext()


def seconds(piece: Callable[[], None], options: argparse.Namespace) -> float:
    """How long one run of it takes."""
    wait = torch.cuda.synchronize if options.device == "cuda" else lambda: None
    wait()
    began = perf_counter()
    for _ in range(options.repeats):
        piece()
    wait()
    return (perf_counter() - began) / options.repeats


def peak(name: str, options: argparse.Namespace, *, size: tuple[int, int], batch: int) -> None:
    """Two steps in this process; print its peak memory, and that before the model was built, in bytes."""
    before = 0 if options.device == "cuda" else resident()
    step = work(made(name, size, options), options, batch=batch, size=size)["step"]
    step()
    step()
    print(before, torch.cuda.max_memory_allocated() if options.device == "cuda" else resident())


def resident() -> int:
    """The most memory that this process has held, in bytes; getrusage would count what the parent held at the fork."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def peak_elsewhere(name: str) -> tuple[int, int]:
    """The same in a process of its own."""
    done = subprocess.run([sys.executable, *sys.argv, "--peak", name], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    return before, after


def compare(size: tuple[int, int], batch: int, options: argparse.Namespace) -> None:
    """Measure one group and print its table."""
    names = GROUPS[size]
    pieces = {name: work(made(name, size, options), options, batch=batch, size=size) for name in names}
    print(f"{size[0]} x {size[1]}, batch {batch}: milliseconds, and times the first model's (median, least to most)")
    for kind in ("forward", "step"):
        for name in names:
            pieces[name][kind]()
        rounds = [{name: seconds(pieces[name][kind], options) for name in names} for _ in range(options.rounds)]
        for name in names:
            ratios = sorted(times[name] / times[names[0]] for times in rounds)
            median = statistics.median(times[name] for times in rounds) * 1e3
            spread = f"{statistics.median(ratios):5.2f} x ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            print(f"  {kind:8} {name:9} {median:9.1f}  {spread}")
    del pieces
    peaks = {name: peak_elsewhere(name) for name in names}
    first_before, first = peaks[names[0]]
    for name, (before, after) in peaks.items():
        above = f"{(after - before) / (first - first_before):5.2f} x above what the imports hold"
        print(f"  peak     {name:9} {after / 2**20:6.0f} MiB {after / first:5.2f} x, {above}")


def main() -> None:
    """Measure and print."""
    options = arguments()
    torch.set_num_threads(options.threads)
    batches = {PERSONS: options.batch, VEHICLES: options.wide_batch}
    for size, names in GROUPS.items():
        if options.peak is None:
            compare(size, batches[size], options)
        elif options.peak in names:
            peak(options.peak, options, size=size, batch=batches[size])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=8, help="of persons, 256 x 128")
    parser.add_argument("--wide-batch", type=int, default=8, help="of vehicles, 256 x 256")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=1, help="runs in a row within a round")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
