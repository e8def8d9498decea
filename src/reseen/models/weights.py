"""Load weights into a module, with every tensor accounted for."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from torch import Tensor, nn

from reseen.errors import ReseenError


class LoadReport(NamedTuple):
    """How many tensors were loaded, which of the module's kept their values, which of the file's were not used."""

    loaded: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


def load_weights(
    module: nn.Module,
    tensors: Mapping[str, Tensor],
    *,
    expect_missing: Sequence[str] = (),
    expect_unexpected: Sequence[str] = (),
    advice: str = "Name in expect_missing and expect_unexpected what is meant to differ",
) -> LoadReport:
    """Copy tensors into a module by name; dtype and device stay the module's.

    Args:
        module: Changed in place; untouched where an error is raised.
        tensors: By name, as `read_weights` gives them.
        expect_missing: Glob patterns (``"classifier.*"``) of the module's tensors that ``tensors`` may lack.
        expect_unexpected: Patterns of tensors that the module may lack. One of another shape is both missing and
            unexpected, so it passes only if a pattern of each kind matches.
        advice: What to do about tensors that do not fit, the last sentence of the error.

    Returns:
        What was loaded and what was not.

    Raises:
        ReseenError: Tensors do not fit; the message names them.

    Example:
        >>> load_weights(nn.Linear(2, 3), nn.Linear(2, 3, bias=False).state_dict(), expect_missing=["bias"])
        LoadReport(loaded=1, missing=('bias',), unexpected=())
    """
    expected = module.state_dict()
    misfits = _misfits(expected, tensors)
    faults = _faults(misfits, expected, tensors, missing=expect_missing, unexpected=expect_unexpected)
    if faults:
        raise ReseenError(f"the weights do not fit: {faults}. {advice}")
    fitting = {name: tensors[name] for name in expected if name in tensors and name not in misfits.misshaped}
    module.load_state_dict(fitting, strict=False)
    return LoadReport(loaded=len(fitting), missing=tuple(misfits.missing), unexpected=tuple(misfits.unexpected))


class _Misfits(NamedTuple):
    """Names of tensors that lack, that the module lacks, and that have another shape; the last are in all three."""

    missing: list[str]
    unexpected: list[str]
    misshaped: set[str]


def _misfits(expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> _Misfits:
    shared = expected.keys() & tensors.keys()
    misshaped = {name for name in shared if expected[name].shape != tensors[name].shape}
    return _Misfits(
        missing=[name for name in expected if name not in shared or name in misshaped],
        unexpected=[name for name in tensors if name not in shared or name in misshaped],
        misshaped=misshaped,
    )


def _faults(
    misfits: _Misfits,
    expected: Mapping[str, Tensor],
    tensors: Mapping[str, Tensor],
    *,
    missing: Sequence[str],
    unexpected: Sequence[str],
) -> str:
    """The misfits that no pattern names, in words; "" for none."""
    bad_missing = _unmatched(misfits.missing, missing)
    bad_unexpected = _unmatched(misfits.unexpected, unexpected)
    bad_shapes = [name for name in expected if name in misfits.misshaped and name in {*bad_missing, *bad_unexpected}]
    faults = [
        _fault("missing", [name for name in bad_missing if name not in misfits.misshaped]),
        _fault("unexpected", [name for name in bad_unexpected if name not in misfits.misshaped]),
        _fault("of another shape", [_shapes(name, expected[name], tensors[name]) for name in bad_shapes]),
    ]
    return "; ".join(filter(None, faults))


def _unmatched(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    return [name for name in names if not any(fnmatchcase(name, pattern) for pattern in patterns)]


def _shapes(name: str, expected: Tensor, got: Tensor) -> str:
    return f"{name}: expected {tuple(expected.shape)}, got {tuple(got.shape)}"


def _fault(kind: str, names: list[str]) -> str:
    more = f", and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{len(names)} {kind} ({', '.join(names[:5])}{more})" if names else ""
