"""Weights into a module, with every tensor accounted for."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from torch import Tensor, nn

from reseen.errors import ReseenError


class LoadReport(NamedTuple):
    """How many tensors were loaded, which of the module's were left alone, which given ones not used."""

    loaded: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


def load_weights(
    module: nn.Module,
    tensors: Mapping[str, Tensor],
    *,
    expect_missing: Sequence[str] = (),
    expect_unexpected: Sequence[str] = (),
) -> LoadReport:
    """Copy ``tensors`` into ``module`` by name; the dtype and the device stay the module's.

    ``expect_missing`` and ``expect_unexpected``: glob patterns (``"classifier.*"``) of tensors that may lack
    or be left over. A tensor of another shape is both at once, so it is let go only if a pattern of each
    matches.

    Raises ReseenError that names what does not fit; the module is then untouched.
    """
    own = module.state_dict()
    shared = own.keys() & tensors.keys()
    misshaped = {name for name in shared if own[name].shape != tensors[name].shape}
    missing = [name for name in own if name not in shared or name in misshaped]
    unexpected = [name for name in tensors if name not in shared or name in misshaped]
    bad_missing = _unmatched(missing, expect_missing)
    bad_unexpected = _unmatched(unexpected, expect_unexpected)
    bad_shapes = [name for name in own if name in misshaped and {name} & {*bad_missing, *bad_unexpected}]
    faults = [
        _fault("missing", [name for name in bad_missing if name not in misshaped]),
        _fault("unexpected", [name for name in bad_unexpected if name not in misshaped]),
        _fault("of another shape", [_shapes(name, own[name], tensors[name]) for name in bad_shapes]),
    ]
    if any(faults):
        raise ReseenError(
            f"the weights do not fit: {'; '.join(filter(None, faults))}. Name in expect_missing and "
            "expect_unexpected what is meant to differ"
        )
    fitting = {name: tensors[name] for name in own if name in shared - misshaped}
    module.load_state_dict(fitting, strict=False)
    return LoadReport(loaded=len(fitting), missing=tuple(missing), unexpected=tuple(unexpected))


def _unmatched(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    return [name for name in names if not any(fnmatchcase(name, pattern) for pattern in patterns)]


def _shapes(name: str, own: Tensor, given: Tensor) -> str:
    return f"{name}: expected {tuple(own.shape)}, got {tuple(given.shape)}"


def _fault(kind: str, names: list[str]) -> str:
    more = f", and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{len(names)} {kind} ({', '.join(names[:5])}{more})" if names else ""
