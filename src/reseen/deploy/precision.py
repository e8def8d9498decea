"""Copies of an exported network that compute in 8-bit integers or in bfloat16.

INT8: weights by output channel and activations by tensor, with ranges that were seen on images (static quantisation of
ONNX Runtime, QDQ form, which OpenVINO reads too). Bfloat16: OpenVINO computes in it on processors that have it, and in
float32 on others.
"""

from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reseen.deploy.facts import Facts
from reseen.deploy.openvino_door import import_openvino
from reseen.deploy.runtime import FACTS, PRECISION
from reseen.extras import extra

Precision: TypeAlias = Literal["int8", "bf16"]

FLOAT_CONVOLUTIONS = 4
"""The first convolutions stay in floats: on a few channels of an image, 8 bits cost the most and save the least.

Of EfficientNet-Lite0's vectors the mean cosine to those in floats is .992 with them and .949 without.
"""
PERCENTILE = 99.99
"""The share of a tensor's values that its range holds; outliers are clipped."""
_WITH_WEIGHTS = ("Conv", "Gemm", "MatMul")


def write_int8(source: Path, out: Path, *, images: Iterable[NDArray[np.uint8]], facts: Facts) -> None:
    """Quantise a float ONNX file.

    Args:
        source: A file that `reseen export` wrote.
        out: The new ONNX file.
        images: Calibration images, (H, W, 3) each, of one size.
        facts: Written into the new file.
    """
    with extra("onnx"):
        import onnx
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process
    with TemporaryDirectory() as folder, redirect_stdout(StringIO()):  # it prints what it does
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(prepared).graph
        quantization.quantize_static(
            str(prepared),
            str(out),
            _reader(quantization.CalibrationDataReader, graph.input[0].name, images),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=list(_WITH_WEIGHTS),
            nodes_to_exclude=kept_in_floats(graph),
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": PERCENTILE, "MatMulConstBOnly": True},
        )
    model = onnx.load(out)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {FACTS: facts.as_json()})
    onnx.save(model, out)


def write_openvino(source: Path, out: Path, *, precision: Precision, facts: Facts) -> None:
    """Convert an ONNX file; a file of precision "bf16" is computed in bfloat16 where the processor has it."""
    openvino = import_openvino()
    model = openvino.convert_model(source)
    model.set_rt_info(facts.as_json(), [FACTS])
    if precision == "bf16":
        model.set_rt_info(precision, [PRECISION])
    openvino.save_model(model, out, compress_to_fp16=False)


def has_bfloat16() -> bool:
    """Whether OpenVINO computes in bfloat16 on this processor."""
    openvino = import_openvino()
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def kept_in_floats(graph: Any) -> list[str]:
    """The names of an ONNX graph's nodes up to its fourth convolution, or to the first where it has fewer.

    The resize comes before the first convolution and has to stay exact.
    """
    convolutions = [number for number, node in enumerate(graph.node) if node.op_type == "Conv"]
    last = convolutions[FLOAT_CONVOLUTIONS - 1 if len(convolutions) > FLOAT_CONVOLUTIONS else 0]
    return [node.name for node in graph.node[: last + 1] if node.op_type in _WITH_WEIGHTS]


def _reader(base: Any, name: str, images: Iterable[NDArray[np.uint8]]) -> Any:
    """The calibration data as ONNX Runtime takes them: an object with ``get_next``."""
    feeds: Iterator[dict[str, NDArray[np.uint8]]] = ({name: image[None]} for image in images)
    return type("Reader", (base,), {"get_next": lambda _: next(feeds, None)})()
