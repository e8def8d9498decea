"""ONNX files of other projects: a copy that says how the network is fed loads as an export of ours does.

B = batch, H x W = the network's input size, D = width of the vectors.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from reseen.bounds import Triple
from reseen.deploy.facts import Facts
from reseen.errors import ReseenError
from reseen.extras import extra
from reseen.files import write_atomically
from reseen.normalisation import Normalisation
from reseen.recipe.components import typed_settings
from reseen.recipe.overrides import apply_overrides

FEEDING = "reseen_feeding"
"""The metadata entry of a foreign network's `Feeding`, beside its facts."""
_SIDES = 4
_LAYOUTS = {1: "channels first", 3: "channels last"}


class Feeding(NamedTuple):
    """What the network takes: (byte / 255 - mean) / std, of RGB or BGR, channels ``first`` or ``last``.

    ``batch`` 0: any number of images at once.
    """

    mean: Triple
    std: Triple
    bgr: bool
    channels: Literal["first", "last"]
    batch: Annotated[int, Field(ge=0)]


class OnForeignOnnx:
    """Runs another project's ONNX file on the CPU; safe to call from several threads."""

    def __init__(self, session: Any, feeding: Feeding) -> None:
        self._session, self._feeding = session, feeding
        found = Normalisation(feeding.mean, feeding.std).scale_and_shift()
        self._scale, self._shift = found.scale.numpy(), found.shift.numpy()
        self._name = session.get_inputs()[0].name

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(B, H, W, 3) RGB -> (B, D) of length 1."""
        fed = images * self._scale - self._shift
        fed = fed[..., ::-1] if self._feeding.bgr else fed
        fed = np.moveaxis(fed, 3, 1) if self._feeding.channels == "first" else fed
        size = self._feeding.batch or len(fed)
        parts = [self._run(fed[first : first + size], size) for first in range(0, len(fed), size)]
        vectors = np.concatenate(parts)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)

    def _run(self, images: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """The vectors of at most ``size`` images; a network of a fixed batch gets it filled up."""
        count = len(images)
        filled = np.concatenate([images, np.repeat(images[-1:], size - count, axis=0)]) if count < size else images
        vectors: NDArray[np.float32] = self._session.run(None, {self._name: np.ascontiguousarray(filled)})[0]
        return vectors.reshape(size, -1)[:count]


def onnx_options(*, mean: Triple, std: Triple, bgr: bool = False) -> tuple[Triple, Triple, bool]:
    """What is to be known of a foreign network beside its file: pixels enter as (byte / 255 - mean) / std, RGB or BGR.

    A network that takes bytes as they are has ``mean = [0.0, 0.0, 0.0]`` and ``std`` of 1 / 255.
    """
    return mean, std, bgr


def import_onnx(
    source: Path, out: Path, *, image_size: tuple[int, int] | None = None, options: Sequence[str] = ()
) -> Facts:
    """Write a copy of another project's ONNX file that `Embedder.from_pretrained` loads.

    Args:
        source: A network from one image input to vectors (B, D).
        out: The copy (.onnx); written whole or not at all.
        image_size: (height, width); None takes that of the file.
        options: ``mean=[...]``, ``std=[...]`` and, for a network that takes BGR, ``bgr=true``.

    Returns:
        The facts that the copy holds.

    Raises:
        ReseenError: A damaged file, a network of another kind, or a missing or unknown option.
    """
    with extra("onnx"):
        import onnx
        import onnxruntime
    try:
        model = onnx.load(source)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - their exceptions have no narrower base
        raise ReseenError(f"{source}: damaged or no ONNX file ({str(error).splitlines()[0]})") from None
    size, feeding = _fed(session, source, image_size=image_size, options=options)
    facts = Facts(
        fingerprint=hashlib.sha256(model.SerializeToString() + json.dumps([size, feeding]).encode()).hexdigest()[:16],
        width=_width(OnForeignOnnx(session, feeding), size, source),
        image_size=size,
        note=f"{source.name}, a network of another project",
    )
    onnx.helper.set_model_props(model, {"reseen": facts.as_json(), FEEDING: json.dumps(feeding._asdict())})
    write_atomically(out, lambda file: file.write(model.SerializeToString()))
    return facts


def read_feeding(text: str, path: Path) -> Feeding:
    """What `import_onnx` wrote. ReseenError for something else."""
    try:
        return TypeAdapter(Feeding).validate_json(text)
    except ValidationError:
        raise ReseenError(f"{path}: its entry {FEEDING} is damaged: import the network again") from None


def _fed(
    session: Any, source: Path, *, image_size: tuple[int, int] | None, options: Sequence[str]
) -> tuple[tuple[int, int], Feeding]:
    shape = session.get_inputs()[0].shape
    channels = next((axis for axis in _LAYOUTS if len(shape) == _SIDES and shape[axis] == 3), None)
    if channels is None or len(session.get_inputs()) != 1:
        raise ReseenError(
            f"{source}: expected a network with one input (B, 3, H, W) or (B, H, W, 3), got "
            f"{[one.shape for one in session.get_inputs()]}"
        )
    try:
        mean, std, bgr = onnx_options(**typed_settings(onnx_options, apply_overrides({}, options)))
    except ValueError as error:
        raise ReseenError(f"{source}: --set {error}") from None
    own = shape[2:] if channels == 1 else shape[1:3]
    batch = shape[0] if isinstance(shape[0], int) else 0
    feeding = Feeding(mean, std, bgr, "first" if channels == 1 else "last", batch)
    return _size(own, image_size, source), feeding


def _size(own: Sequence[object], asked: tuple[int, int] | None, source: Path) -> tuple[int, int]:
    fixed = tuple(side for side in own if isinstance(side, int))
    if len(fixed) < len(own):
        if asked is None:
            raise ReseenError(
                f"{source}: it takes images of any size: say the size of its training by --image-size H W"
            )
        return asked
    height, width = fixed
    if asked not in {None, (height, width)}:
        raise ReseenError(f"{source}: it takes images of {height} x {width} alone, got --image-size {asked}")
    return height, width


def _width(network: OnForeignOnnx, size: tuple[int, int], source: Path) -> int:
    try:
        return int(network(np.zeros((2, *size, 3), dtype=np.uint8)).shape[1])
    except Exception as error:  # noqa: BLE001 - its exceptions have no narrower base
        reason = str(error).splitlines()[0]
        raise ReseenError(f"{source}: gives no vectors of images of {size[0]} x {size[1]} ({reason})") from None
