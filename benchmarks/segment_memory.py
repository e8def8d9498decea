"""What RGA holds in memory at a segmentation's 97 x 97 positions, beside what its affinities would take.

    python benchmarks/segment_memory.py [--side 97] [--channels 2048] [--batch 1] [--threads 2] [--direct]

A piece of 769 x 769 at output stride 8 is a map of 97 x 97 = 9,409 positions. Each attention makes one forward and one
backward pass on such a map in a process of its own; printed is the most that the process held above its imports,
the map, the weights and their gradients, which all forms have. ``--direct`` also measures RGA as its paper writes it,
which needs several GiB; without it only the arithmetic of its affinity stands beside.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import torch

from attention import DirectAttention, resident
from reseen.attention import ATTENTIONS
from reseen.types import FeatureMap

NAMES = ("rga_s", "rga_c", "rga_sc")
DIRECT = "direct rga_sc"
MIB = 2**20


def measure(name: str, options: argparse.Namespace) -> None:
    """One pass each way in this process; print resident bytes before, the peak, and the gradients' bytes."""
    torch.manual_seed(0)
    feature_map = FeatureMap(options.channels, options.side, options.side)
    module = (DirectAttention if name == DIRECT else ATTENTIONS[name])(feature_map)
    maps = torch.randn(options.batch, *feature_map, requires_grad=True)
    before = held()
    module(maps).sum().backward()
    gradients = sum(weight.grad.numel() for weight in (*module.parameters(), maps) if weight.grad is not None)
    print(before, resident(), 4 * gradients)


def held() -> int:
    """What this process holds now, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def measure_elsewhere(name: str) -> tuple[int, int, int]:
    """The same in a process of its own."""
    done = subprocess.run([sys.executable, *sys.argv, "--measure", name], capture_output=True, text=True, check=True)
    before, peak, gradients = map(int, done.stdout.split())
    return before, peak, gradients


def arithmetic(options: argparse.Namespace) -> None:
    """What the affinity of all pairs takes in float32."""
    nodes = options.side**2
    one = options.batch * nodes**2 * 4 / MIB
    print(f"{options.side} x {options.side} = {nodes:,} positions, {options.channels} channels, batch {options.batch}")
    print(f"  one affinity ({nodes:,}^2 floats) {one:26.0f} MiB")
    print(f"  the relations both ways, kept for the backward pass {2 * one:6.0f} MiB")
    print(f"  while they are stacked, both together {3 * one:20.0f} MiB")


def main() -> None:
    """Measure and print."""
    options = arguments()
    torch.set_num_threads(options.threads)
    if options.measure is not None:
        measure(options.measure, options)
        return
    arithmetic(options)
    for name in (*NAMES, *([DIRECT] if options.direct else [])):
        before, peak, gradients = measure_elsewhere(name)
        print(
            f"  {name:14} {(peak - before - gradients) / MIB:6.0f} MiB above imports, map, weights and their gradients"
        )


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=97, help="of the map, in positions")
    parser.add_argument("--channels", type=int, default=2048)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--direct", action="store_true")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
