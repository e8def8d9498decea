"""Seeds as a function of the place in training, so that checkpoints need no generator state."""

import random
from hashlib import blake2b

import numpy as np
import torch


def seed_for(*place: int | str) -> int:
    """A 63-bit seed for a place such as ("step", seed, epoch, step, rank); the same on every machine."""
    text = "/".join(str(part) for part in place)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def seed_here(*place: int | str) -> None:
    """Seed torch, numpy and random for one place."""
    seed = seed_for(*place)
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - libraries below still draw from numpy's global generator
    random.seed(seed)
