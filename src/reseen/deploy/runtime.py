"""Runs exported networks: ONNX Runtime, OpenVINO, and programs of torch.export.

B = batch, H x W = any image size, D = width of the vectors.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
import torch
from numpy.typing import NDArray

from reseen.deploy.facts import Facts, LoadedNetwork
from reseen.deploy.foreign_onnx import FEEDING, OnForeignOnnx, read_feeding
from reseen.deploy.openvino_door import import_openvino
from reseen.deploy.program_file import read_program
from reseen.errors import ReseenError
from reseen.extras import extra

FACTS = "reseen"
"""The metadata entry of an export's `Facts`."""
PRECISION = "reseen_precision"
"""The metadata entry of an OpenVINO file that is computed in another precision than float32."""
STREAMS = 2
"""Parts of a batch that OpenVINO computes side by side, each on its share of the cores. Threads of one part wait for
each other at every layer, and spin: on two cores a part on each takes three quarters of the processor's time."""
_ERRORS_ONLY = 3
_HINT = {".onnx": "; of another project's, `reseen import-weights onnx` makes a copy that has"}
_UNREADABLE = (RuntimeError, ValueError, KeyError, OSError, AttributeError, TypeError, AssertionError, BadZipFile)


class OnOnnxRuntime:
    """Runs an ONNX file on the CPU; safe to call from several threads."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(B, H, W, 3) -> (B, D)."""
        vectors: NDArray[np.float32] = self._session.run(None, {self._session.get_inputs()[0].name: images})[0]
        return vectors


class OnOpenVino:
    """Runs an OpenVINO model on the CPU; safe to call from several threads."""

    def __init__(self, compile_for: Callable[[int], Any]) -> None:
        self._compile_for = cache(compile_for)
        self._compile_for(STREAMS)

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(B, H, W, 3) -> (B, D). The images are shared out among the streams, which need not wait for each other.

        One image alone has a stream that takes all cores.
        """
        parts = np.array_split(images, min(STREAMS, max(1, len(images))))
        compiled = self._compile_for(len(parts))
        # New requests each time: calls of the compiled model share one, and fail when two run at once.
        requests = [compiled.create_infer_request() for _ in parts]
        for request, part in zip(requests, parts, strict=True):
            request.start_async({0: part})
        for request in requests:
            request.wait()
        return np.concatenate([request.get_output_tensor(0).data for request in requests])


class OnProgram:
    """Runs a program of torch.export with PyTorch, on the CPU."""

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        self._module = program.module()

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(B, H, W, 3) -> (B, D)."""
        with torch.inference_mode():
            vectors: NDArray[np.float32] = self._module(torch.from_numpy(images)).numpy()
        return vectors


def load_onnx(path: Path, *, device: str = "cpu") -> LoadedNetwork:
    """Load an ONNX file that `reseen export` wrote, or another project's that `reseen import-weights onnx` has read."""
    with extra("onnx"):
        import onnxruntime
    _cpu_only(path, device)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    # Threads that spin while they wait for the next pass take the cores from those that decode images.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - its exceptions have no narrower base
        raise ReseenError(f"{path}: damaged or no ONNX file ({_first_line(error)})") from None
    said = session.get_modelmeta().custom_metadata_map
    network = OnForeignOnnx(session, read_feeding(said[FEEDING], path)) if FEEDING in said else OnOnnxRuntime(session)
    return LoadedNetwork(network, _facts(path, said.get(FACTS)), str(path))


def load_openvino(path: Path, *, device: str = "cpu") -> LoadedNetwork:
    """Load an OpenVINO model that `reseen export` wrote: an .xml file with its .bin beside it."""
    openvino = import_openvino()
    _cpu_only(path, device)
    try:
        core = openvino.Core()
        model = core.read_model(path)
        # Without the hint, processors with bfloat16 use it, and vectors differ in their third digit.
        precision = model.get_rt_info([PRECISION]).astype(str) if model.has_rt_info([PRECISION]) else "f32"
        options = {"INFERENCE_PRECISION_HINT": precision}
        network = OnOpenVino(lambda streams: core.compile_model(model, "CPU", {**options, "NUM_STREAMS": streams}))
    except RuntimeError as error:
        raise ReseenError(f"{path}: damaged or no OpenVINO model ({_first_line(error)})") from None
    text = model.get_rt_info([FACTS]).astype(str) if model.has_rt_info([FACTS]) else None
    return LoadedNetwork(network, _facts(path, text), str(path))


def load_program(path: Path, *, device: str = "cpu") -> LoadedNetwork:
    """Load a program of torch.export that `reseen export` wrote; one that holds a pickle is refused.

    torch builds Python code from its graph, so load programs only from people whom you trust.
    """
    _cpu_only(path, device)
    if not is_zipfile(path):  # torch would log a long message
        raise ReseenError(f"{path}: damaged or no program of torch.export (not a zip archive)")
    try:
        program, facts = read_program(path)
    except _UNREADABLE as error:
        raise ReseenError(f"{path}: damaged or no program of torch.export ({_first_line(error)})") from None
    return LoadedNetwork(OnProgram(program), _facts(path, facts), str(path))


def _facts(path: Path, text: str | None) -> Facts:
    if not text:
        raise ReseenError(
            f"{path}: was not written by `reseen export`: it has no facts about its network{_HINT.get(path.suffix, '')}"
        )
    try:
        return Facts.from_json(text)
    except ReseenError as error:
        raise ReseenError(f"{path}: {error}") from None


def _cpu_only(path: Path, device: str) -> None:
    if device != "cpu":
        raise ReseenError(f"{path}: exports run on the cpu, got the device '{device}'; on others, load the run")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
