"""What is measured on: card, driver, versions, commit; and which packages are there."""

import hashlib
import os
import platform
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

from gpu.part import Part

ROOT = Path(__file__).resolve().parents[2]
INSTALLED_AS = {
    "lightning_fabric": "lightning-fabric",
    "lightning_utilities": "lightning-utilities",
    "PIL": "pillow",
    "pytorch_metric_learning": "pytorch-metric-learning",
    "tomli_w": "tomli-w",
}
"""Name in an import -> name in pip, where the two differ."""


def missing(part: Part) -> list[str]:
    """The packages, as pip names them, that a part needs and this machine lacks."""
    return [INSTALLED_AS.get(name, name) for name in part.needs if find_spec(name) is None]


def card() -> str | None:
    """The name of the first GPU, or None without one."""
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


def described(*, smoke: bool) -> dict[str, str]:
    """The facts that stand over every table."""
    import torch

    return {
        "card": "none: a smoke test at toy sizes on the CPU, whose numbers mean nothing" if smoke else str(card()),
        "driver": "none" if smoke else driver(),
        "torch": torch.__version__,
        "CUDA": str(torch.version.cuda),
        "Python": platform.python_version(),
        "processor": f"{os.cpu_count()} cores, {platform.machine()}",
        "commit": commit(),
    }


def driver() -> str:
    """The version of NVIDIA's driver."""
    asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=20).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return told[0] if told else "unknown"


def commit() -> str:
    """What git calls the sources; a hash of them where it has none, or where they were changed since."""
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return f"sources-{sources()}"
    return f"{told}-{sources()}" if told.endswith("-dirty") else told


def sources() -> str:
    """A hash of every source file that a measurement may depend on."""
    found = hashlib.sha256()
    for folder in ("src", "benchmarks"):
        for file in sorted((ROOT / folder).rglob("*.*")):
            if file.suffix in {".py", ".toml"}:
                found.update(file.read_bytes())
    return found.hexdigest()[:12]


def folder_name(*, smoke: bool) -> str:
    """One folder a card and commit, so that results never mix: "nvidia-h100-80gb-hbm3-1a2b3c4d5e6f"."""
    name = "smoke" if smoke else re.sub(r"[^a-z0-9]+", "-", str(card()).lower()).strip("-")
    return f"{name}-{commit()}"
