"""A network quantised on a user's images, and kept only if it finds as well on them as before."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.data.datasets import read_data
from reseen.data.opening import ImageError
from reseen.data.table import Splits
from reseen.deploy.export import CHECKED, export_network
from reseen.deploy.facts import Facts
from reseen.deploy.precision import Precision, has_bfloat16, write_int8, write_openvino
from reseen.engine.run import open_run
from reseen.errors import ReseenError
from reseen.files import UNFINISHED, put_in_place
from reseen.progress import SILENT, Bar, Progress
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.quantised_scores import Scores, scores_of
from reseen.tasks.reid.evaluate import splits_of

IMAGES = 256
"""How many training images give the ranges of activations by default."""
FEWEST = 32
MOST_LOSS = 0.005
"""The largest loss of mAP, a fraction, with which a quantised network is kept."""


class Quantised(NamedTuple):
    """The new file, the mAP (a fraction) of the network before and after, and the lowest cosine of their vectors."""

    path: Path
    before: float
    after: float
    cosine: float
    images: int


def quantise(
    source: str | Path,
    out: str | Path,
    *,
    data: Path | str | None = None,
    precision: Precision = "int8",
    images: int = IMAGES,
    most_loss: float = MOST_LOSS,
    progress: Progress = SILENT,
) -> Quantised:
    """Write a copy of a network that computes in 8-bit integers or bfloat16, if its mAP hardly falls.

    A vector of the copy is another vector, so the copy has a fingerprint of its own, galleries of the two are not
    mixed, and thresholds that were calibrated for the first are left out.

    Args:
        source: A run, a weights file, an .onnx export in floats, or a Hub repository.
        out: The file to write: .onnx or, for OpenVINO, .xml; "bf16" needs .xml.
        data: A data set; its training images give the ranges, its query and gallery the mAP. A run's own if left out.
        precision: "int8" or "bf16".
        images: How many training images, evenly spread.
        most_loss: The largest loss of mAP, a fraction.
        progress: Shows bars.

    Raises:
        ReseenError: The data have too few images, the suffix does not fit, this processor has no bfloat16, or the
            mAP falls by more, and nothing is written.

    Example (not run):
        ```python
        done = quantise("runs/mine", "mine.xml")
        print(f"{done.before:.1%} -> {done.after:.1%}")
        ```
    """
    out = Path(out)
    _check(out, precision)
    splits = _data_of(source, data)
    calibration = _spread(splits.train.paths, images)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}", suffix=UNFINISHED) as folder:
        original = _in_floats(source, Path(folder), calibration, progress=progress)
        before = Embedder.from_pretrained(original)
        new = Path(folder) / out.name
        _write(before, original, new, precision=precision, calibration=calibration, progress=progress)
        scores = scores_of(before, Embedder.from_pretrained(new), splits, progress=progress)
        _require_small_loss(scores, out, precision=precision, most_loss=most_loss)
        for file in (new.with_suffix(".bin"), new):
            if file.exists():
                put_in_place(file, out.parent / file.name)
    return Quantised(out, *scores, images=len(calibration))


def _require_small_loss(scores: Scores, out: Path, *, precision: Precision, most_loss: float) -> None:
    if not scores.before - scores.after < most_loss:
        raise ReseenError(
            f"{out}: not written: in {precision} the mAP falls from {scores.before:.1%} to {scores.after:.1%}, "
            f"expected a loss below {100 * most_loss:.1f} points; more --images or another network might do"
        )


def _write(
    before: Embedder, original: Path, new: Path, *, precision: Precision, calibration: list[Path], progress: Progress
) -> None:
    """The copy of an ONNX file in another precision, as ONNX or OpenVINO."""
    facts = _facts(before.facts, precision, original)
    written = original
    if precision == "int8":
        written = new.with_suffix(".onnx")
        with progress.bar("find ranges", total=len(calibration)) as bar:
            write_int8(original, written, images=_prepared(before, calibration, bar), facts=facts)
    if new.suffix == ".xml":
        write_openvino(written, new, precision=precision, facts=facts)


def _check(out: Path, precision: Precision) -> None:
    allowed = (".xml",) if precision == "bf16" else (".onnx", ".xml")
    if out.suffix not in allowed:
        raise ReseenError(f"{out}: expected a name that ends in {' or '.join(allowed)} for {precision}")
    if not out.parent.is_dir():
        raise ReseenError(f"{out}: there is no folder {out.parent}")
    if precision == "bf16" and not has_bfloat16():
        raise ReseenError("bf16: this processor does not compute in bfloat16, so nothing would be won; take int8")


def _data_of(source: str | Path, data: Path | str | None) -> Splits:
    if data is not None:
        return read_data(Path(data), layout="auto", seed=0)
    if not (Path(source) / "recipe.toml").is_file():
        raise ReseenError(f"{source}: not a run, so it has no images to quantise on; name a data set with --data")
    return splits_of(open_run(source), None)


def _spread(paths: list[Path], count: int) -> list[Path]:
    """So many of the paths, evenly spread."""
    count = min(len(paths), count)
    if count < FEWEST:
        raise ReseenError(f"expected at least {FEWEST} training images to find the ranges of activations, got {count}")
    places = np.linspace(0, len(paths) - 1, num=count).round().astype(int)
    return [paths[place] for place in places]


def _in_floats(source: str | Path, folder: Path, images: list[Path], *, progress: Progress) -> Path:
    """The network as an ONNX file."""
    if Path(source).suffix == ".onnx":
        return Path(source)
    if Path(source).suffix in {".xml", ".pt2"}:
        raise ReseenError(f"{source}: expected a run, a weights file or an .onnx export")
    written = folder / "floats.onnx"
    export_network(source, [written], images=images[:CHECKED], progress=progress)
    return written


def _facts(facts: Facts, precision: Precision, original: Path) -> Facts:
    """Those of the copy: a fingerprint of its own, no thresholds."""
    digest = hashlib.sha256(f"{facts.fingerprint} {precision} ".encode() + original.read_bytes())
    clauses = [facts.note] * bool(facts.note) + [f"computes in {precision}; calibrate thresholds with it"]
    return replace(
        facts,
        fingerprint=digest.hexdigest()[: len(facts.fingerprint)],
        threshold=None,
        search=None,
        note="; ".join(clauses),
    )


def _prepared(embedder: Embedder, paths: list[Path], bar: Bar) -> Iterator[NDArray[np.uint8]]:
    for path in paths:
        image = embedder.prepare(path)
        if isinstance(image, ImageError):
            raise image
        yield image
        bar.advance()
