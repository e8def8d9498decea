"""The arguments that benchmarks share which train networks for a short time."""

import argparse
from pathlib import Path


def training_parser(description: str | None, *, epochs: int) -> argparse.ArgumentParser:
    """A parser with --data, --out, --epochs, which is so many by default, and --size of the images."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--size", type=int, default=64)
    return parser
