"""Exports of a network with its preprocessing as one file, written only if it gives PyTorch's numbers.

An export takes a batch of uint8 RGB images of any one size, (B, H, W, 3), and gives vectors of length 1.
"""

import copy
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from reseen.data.opening import open_image
from reseen.data.transforms import resize
from reseen.deploy.facts import Facts, LoadedNetwork
from reseen.deploy.loading import FILES, load_network
from reseen.deploy.network import OnTorch
from reseen.deploy.openvino_door import import_openvino
from reseen.deploy.program_file import Program, write_program
from reseen.deploy.resizing import AnySize
from reseen.deploy.runtime import FACTS
from reseen.engine.run import open_run
from reseen.errors import ReseenError
from reseen.extras import extra
from reseen.files import UNFINISHED, put_in_place
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.evaluate import splits_of

LARGEST_DIFFERENCE = 1e-4
"""The largest allowed difference of any number in any vector between an export and PyTorch."""
CHECKED = 16
"""How many images each export is compared on."""

# Neither square nor the network's size, because sizes that are equal in the trace would count as always equal.
_TRACED_SIZE = (150, 170)


class Exported(NamedTuple):
    """An exported file, and its largest ``difference`` from PyTorch over so many ``images``."""

    path: Path
    difference: float
    images: int


def export_network(
    source: str | Path, outs: Sequence[Path], *, images: Sequence[Path], progress: Progress = SILENT
) -> list[Exported]:
    """Export a network to files.

    Each file is loaded again and compared with PyTorch on ``images``, one by one at their own sizes, and as a batch.

    Args:
        source: A run, a weights file or a Hub repository.
        outs: The files to write; their suffixes (`WRITERS`) say in which format.
        images: Images to compare on.
        progress: Shows a bar.

    Raises:
        ReseenError: The source is an export itself, a suffix is unknown, there is no image, or an export differs by
            more than LARGEST_DIFFERENCE and is not written.

    Example:
        ```python
        outs = [Path("cars.onnx"), Path("cars.pt2")]
        for file in export_network("runs/mine", outs, pictures=pictures_of("runs/mine")):
            print(file.path, file.difference)
        ```
    """
    for out in outs:
        _check_out(out)
    if not images:
        raise ReseenError("export: expected images to compare on, got none")
    loaded = load_network(source)
    checked = [np.array(open_image(path)) for path in _spread(images)]
    with progress.bar("export", total=len(outs) + 1) as bar:
        program = _traced(loaded)
        bar.advance()
        exported = []
        for out in outs:
            exported.append(_export(program, loaded, out=out, checked=checked))
            bar.advance()
    return exported


def images_of(source: str | Path) -> list[Path]:
    """The gallery images of a run. Raises ReseenError for another source, and if the run's data have moved."""
    if not (Path(source) / "recipe.toml").is_file():
        raise ReseenError(f"{source}: not a run, so it has no images to compare on; name some with --pictures")
    return splits_of(open_run(source), None).gallery.paths


def _check_out(out: Path) -> None:
    if out.suffix not in WRITERS:
        raise ReseenError(f"{out}: expected a file name that ends in one of {', '.join(WRITERS)}")
    if not out.parent.is_dir():
        raise ReseenError(f"{out}: there is no folder {out.parent}")


def _spread(images: Sequence[Path]) -> list[Path]:
    """At most CHECKED of them, evenly spread."""
    places = np.linspace(0, len(images) - 1, num=min(CHECKED, len(images))).round().astype(int)
    return [images[place] for place in places]


def _traced(loaded: LoadedNetwork) -> Program:
    if not isinstance(loaded.network, OnTorch):
        raise ReseenError(f"{loaded.source}: is an export already; expected a run, a weights file or a Hub repository")
    network = copy.deepcopy(loaded.network.network).to(memory_format=torch.contiguous_format)
    whole = AnySize(network, image_size=loaded.facts.image_size).eval()
    batch, height, width = (torch.export.Dim(name) for name in ("batch", "height", "width"))
    example = torch.zeros(2, *_TRACED_SIZE, 3, dtype=torch.uint8)
    with torch.no_grad():
        return torch.export.export(whole, (example,), dynamic_shapes=({0: batch, 1: height, 2: width},))


def _export(program: Program, loaded: LoadedNetwork, *, out: Path, checked: Sequence[NDArray[np.uint8]]) -> Exported:
    """Write into a folder beside ``out``, check the file there, then move it into place."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}", suffix=UNFINISHED) as folder:
        written = Path(folder) / out.name
        WRITERS[out.suffix](program, loaded.facts, written)
        difference = _difference(loaded, FILES[out.suffix](written), checked)
        if not difference <= LARGEST_DIFFERENCE:
            limit = f"expected at most {LARGEST_DIFFERENCE:.0e}"
            raise ReseenError(f"{out}: not written: it differs from PyTorch by {difference:.1e}, {limit}")
        for file in sorted(Path(folder).iterdir(), key=lambda file: file.name == out.name):
            put_in_place(file, out.parent / file.name)
    return Exported(out, difference, len(checked))


def _difference(loaded: LoadedNetwork, exported: LoadedNetwork, checked: Sequence[NDArray[np.uint8]]) -> float:
    """The largest difference, for images one by one and as a batch of one size. NaN stays NaN."""
    shrink = resize(image_size=loaded.facts.image_size)
    tensors = [torch.from_numpy(image).permute(2, 0, 1) for image in checked]
    batch = np.stack([shrink(tensor).permute(1, 2, 0).numpy() for tensor in tensors])
    expected = loaded.network(batch)
    alone = np.concatenate([exported.network(image[None]) for image in checked])
    together = exported.network(batch)
    return float(max(np.abs(alone - expected).max(), np.abs(together - expected).max()))


def _write_onnx(program: Program, facts: Facts, path: Path) -> None:
    with extra("onnx"):
        import onnxscript  # noqa: F401 - torch writes ONNX through it
    exported = torch.onnx.export(
        program, input_names=["pictures"], output_names=["vectors"], dynamo=True, verbose=False
    )
    assert exported is not None, "the exporter through torch.export returns its program"
    exported.model.metadata_props[FACTS] = facts.as_json()
    exported.save(path, external_data=False)


def _write_openvino(program: Program, facts: Facts, path: Path) -> None:
    openvino = import_openvino()
    model = openvino.convert_model(program)
    model.set_rt_info(facts.as_json(), [FACTS])
    openvino.save_model(model, path, compress_to_fp16=False)


def _write_program(program: Program, facts: Facts, path: Path) -> None:
    write_program(program, facts.as_json(), path)


WRITERS: Mapping[str, Callable[[Program, Facts, Path], None]] = MappingProxyType(
    {".onnx": _write_onnx, ".pt2": _write_program, ".xml": _write_openvino}
)
"""Suffix of a file -> function(program, facts, path); `reseen.deploy.loading.FILES` has the readers."""
