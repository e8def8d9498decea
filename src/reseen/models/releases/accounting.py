"""What readers of releases share: a name of ours for each tensor or an error, and counters of batch norms."""

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from reseen.errors import ReseenError

COUNTER = "num_batches_tracked"
Patterns = Sequence[tuple[str, str]]


def exchanged(name: str, patterns: Patterns) -> str | None:
    """The name by the first of the (theirs, ours) patterns that is all of it; None where none is."""
    return next((re.sub(theirs, ours, name) for theirs, ours in patterns if re.fullmatch(theirs, name)), None)


def refuse_unknown(names: Sequence[str], *, release: str) -> None:
    """Raise ReseenError for names that no network of the release has: the first three, and how many."""
    if names:
        more = f", and {len(names) - 3} more" if len(names) > 3 else ""
        raise ReseenError(f"no {release} checkpoint: unknown names {', '.join(names[:3])}{more} ({len(names)} in all)")


def with_counters(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each batch norm's counter, which older files lack, beside its statistics; 0 where it lacked."""
    norms = [name.removesuffix("running_mean") for name in tensors if name.endswith(".running_mean")]
    return {**{f"{norm}{COUNTER}": torch.tensor(0) for norm in norms}, **tensors}
