"""Libraries that only some installations have."""

from importlib import import_module
from types import ModuleType

from reseen.errors import ReseenError


def require(module: str, *, extra: str, what: str) -> ModuleType:
    """The imported ``module``, or a ReseenError that says how to install what ``what`` needs."""
    try:
        return import_module(module)
    except ImportError:
        name = module.partition(".")[0]
        raise ReseenError(f"{what} needs {name}, which is not installed: pip install 'reseen[{extra}]'") from None
