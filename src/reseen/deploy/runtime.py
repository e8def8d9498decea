"""Exported networks at work: ONNX Runtime, OpenVINO, and programs of torch.export.

B = batch, H x W = any picture size, D = width of the vectors.
"""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
import torch
from numpy.typing import NDArray

from reseen.deploy.facts import Facts, Loaded
from reseen.deploy.program_file import read_program
from reseen.errors import ReseenError
from reseen.extras import extra

FACTS = "reseen"
"""What the entry is called that holds an export's `Facts` in its metadata."""
_ERRORS_ONLY = 3
_UNREADABLE = (RuntimeError, ValueError, KeyError, OSError, AttributeError, TypeError, AssertionError, BadZipFile)


class OnOnnxRuntime:
    """Runs an ONNX file on the CPU; safe to call from several threads."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(B, H, W, 3) -> (B, D)."""
        vectors: NDArray[np.float32] = self._session.run(None, {self._session.get_inputs()[0].name: pictures})[0]
        return vectors


class OnOpenVino:
    """Runs an OpenVINO model on the CPU; safe to call from several threads."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(B, H, W, 3) -> (B, D)."""
        # A request of its own: a compiled model that is called shares one, and refuses a second caller.
        found = self._compiled.create_infer_request().infer({0: pictures})
        return np.array(next(iter(found.values())))


class OnProgram:
    """Runs a program of torch.export with PyTorch, on the CPU."""

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        self._module = program.module()

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(B, H, W, 3) -> (B, D)."""
        with torch.inference_mode():
            vectors: NDArray[np.float32] = self._module(torch.from_numpy(pictures)).numpy()
        return vectors


def load_onnx(path: Path, *, device: str = "cpu") -> Loaded:
    """An ONNX file that `reseen export` wrote."""
    with extra("onnx"):
        import onnxruntime
    _cpu_only(path, device)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - its exceptions derive from nothing narrower
        raise ReseenError(f"{path}: damaged or no ONNX file ({_first_line(error)})") from None
    return Loaded(
        OnOnnxRuntime(session), _facts(path, session.get_modelmeta().custom_metadata_map.get(FACTS)), str(path)
    )


def load_openvino(path: Path, *, device: str = "cpu") -> Loaded:
    """An OpenVINO model that `reseen export` wrote: an .xml file with its .bin beside it."""
    with extra("openvino"):
        import openvino
    _cpu_only(path, device)
    try:
        core = openvino.Core()
        model = core.read_model(path)
        # Without the hint, processors that have bfloat16 compute in it, and vectors differ in their third digit.
        compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    except RuntimeError as error:
        raise ReseenError(f"{path}: damaged or no OpenVINO model ({_first_line(error)})") from None
    text = model.get_rt_info([FACTS]).astype(str) if model.has_rt_info([FACTS]) else None
    return Loaded(OnOpenVino(compiled), _facts(path, text), str(path))


def load_program(path: Path, *, device: str = "cpu") -> Loaded:
    """A program of torch.export that `reseen export` wrote, refused if it holds a pickle.

    torch builds Python code from the graph in it, so take one only from those whom you trust.
    """
    _cpu_only(path, device)
    if not is_zipfile(path):  # torch would log a page about it
        raise ReseenError(f"{path}: damaged or no program of torch.export (not a zip archive)")
    try:
        program, facts = read_program(path)
    except _UNREADABLE as error:
        raise ReseenError(f"{path}: damaged or no program of torch.export ({_first_line(error)})") from None
    return Loaded(OnProgram(program), _facts(path, facts), str(path))


def _facts(path: Path, text: str | None) -> Facts:
    if not text:
        raise ReseenError(f"{path}: was not written by `reseen export`: it carries no facts about its network")
    try:
        return Facts.from_json(text)
    except ReseenError as error:
        raise ReseenError(f"{path}: {error}") from None


def _cpu_only(path: Path, device: str) -> None:
    if device != "cpu":
        raise ReseenError(f"{path}: exports run on the cpu, got the device '{device}'; on others, load the run")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
