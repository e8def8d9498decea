"""What one other busy process costs a training on the CPU, with threads that spin while they wait and with ours.

    python benchmarks/busy_machine.py [--seconds 12] [--threads 2] [--rounds 2]

OpenMP's threads spin for milliseconds when they wait for each other. On a machine that is not theirs alone they then
take the time of the one they wait for. `reseen` shortens that (`reseen.cli.waiting`); "as OpenMP does" is without.
A step is the forward and backward pass and the update of EfficientNet-Lite0 on 32 images of 128 x 128. All cases take
turns, alone and beside a process that never rests; the shares are of the step alone as OpenMP does.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median

from reseen.cli.waiting import SPINS

STEPS = """
import sys, time, warnings
warnings.filterwarnings("ignore")
import timm, torch
torch.set_num_threads(int(sys.argv[2]))
model = timm.create_model("tf_efficientnet_lite0", num_classes=100).to(memory_format=torch.channels_last).train()
images, labels = torch.randn(32, 3, 128, 128).to(memory_format=torch.channels_last), torch.randint(0, 100, (32,))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
def step():
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(images), labels).backward()
    optimizer.step()
step()
steps, began = 0, time.perf_counter()
while time.perf_counter() - began < float(sys.argv[1]):
    step()
    steps += 1
print((time.perf_counter() - began) / steps)
"""
WAITING: Mapping[str, Mapping[str, str]] = {"as OpenMP does": {}, "as reseen does": SPINS}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    taken: dict[tuple[str, str], list[float]] = {}
    for _ in range(options.rounds):
        for beside in ("alone", "beside a busy process"):
            for name, settings in WAITING.items():
                with busy(beside != "alone"):
                    found = seconds_a_step(settings, seconds=options.seconds, threads=options.threads)
                taken.setdefault((beside, name), []).append(found)
    first = median(taken["alone", "as OpenMP does"])
    for (beside, name), found in taken.items():
        print(f"{beside:22}{name:16}{1000 * median(found):8.0f} ms a step {median(found) / first:6.2f} x")


@contextmanager
def busy(wanted: bool) -> Iterator[None]:  # noqa: FBT001 - says itself what it is
    """Beside a process that never rests, if it is wanted."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if wanted else None
    try:
        yield
    finally:
        if other is not None:
            other.kill()
            other.wait()


def seconds_a_step(settings: Mapping[str, str], *, seconds: float, threads: int) -> float:
    """The mean over so many seconds, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in SPINS} | dict(settings)
    done = subprocess.run(
        [sys.executable, "-c", STEPS, str(seconds), str(threads)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    main()
