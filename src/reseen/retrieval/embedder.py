"""The embedder: images of any kind in, vectors of length 1 out.

N = images, D = width of the vectors.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Literal, NamedTuple, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.data.opening import ImageError, ImageLimits, ImageSource, open_image
from reseen.data.scaled import MARGIN, size_for
from reseen.data.strips import resized
from reseen.data.threads import in_threads
from reseen.data.transforms import resize
from reseen.deploy.facts import Facts, LoadedNetwork
from reseen.deploy.loading import load_network
from reseen.deploy.network import BASELINE, NO_METADATA, Names, OnTorch
from reseen.deprecation import renamed_attribute
from reseen.retrieval.parts import open_part
from reseen.retrieval.record import Box
from reseen.retrieval.side_information import SideInformation, side_information

Images: TypeAlias = ImageSource | Iterable[ImageSource]
"""One image or many; an array of four axes is many."""

Vectors: TypeAlias = NDArray[np.float32]
Prepared: TypeAlias = NDArray[np.uint8] | ImageError
"""An image (H, W, 3) of the network's input size, or the error of one that cannot be read."""

BATCH = 16
"""Images in one pass of the network by default; on CPUs, larger batches exceed the cache."""

Decoding: TypeAlias = Literal["full", "scaled"]
"""Whether JPEG files are decoded at their own size, or smaller where that suffices."""

Item = TypeVar("Item")

_ONE = (str, Path, bytes, bytearray, memoryview, Image.Image)


class FileVector(NamedTuple):
    """A file's ``vector`` (D,), or None and the ``error`` of a file that is no image."""

    path: Path
    vector: Vectors | None
    error: str = ""


class Embedder:
    """A network that embeds images. Make one with `Embedder.from_pretrained`; safe to call from several threads.

    Attributes:
        width: D, the width of the vectors.
        fingerprint: Identifies the network; do not compare vectors of different fingerprints.
        threshold: Similarity from which two images show the same individual; None without a calibration.
        search_threshold: Similarity from which the best match of a search is known, in a gallery of the calibrated
            size, ``facts.search.records``; None without a calibration. Both thresholds are for images without metadata.
        visible_metadata: The cameras and views that the network accepts, by name.
        image_size: (height, width) in pixels that images are resized to.
        limits: The largest images that are decoded; None for Pillow's own limit, as in training.
        decode: "scaled" if large JPEG files are decoded at 1/2, 1/4 or 1/8 of their size.
        note: What users should know about the network, or "".

    Example:
        >>> embedder = Embedder.from_pretrained("efficientnet_lite0")
        >>> images = np.zeros((2, 48, 64, 3), dtype=np.uint8)
        >>> embedder(images).shape
        (2, 1280)
    """

    def __init__(
        self, loaded: LoadedNetwork, *, limits: ImageLimits | None = None, decode: Decoding | None = None
    ) -> None:
        self.network, self.facts, self.source = loaded
        self.limits = limits
        self.width = self.facts.width
        self.fingerprint = self.facts.fingerprint
        self.threshold = self.facts.threshold
        self.search_threshold = None if self.facts.search is None else self.facts.search.value
        self.visible_metadata = self.network.visible_metadata if isinstance(self.network, OnTorch) else NO_METADATA
        self.image_size = self.facts.image_size
        self.decode = decode or self.facts.decode
        self.note = _noted(self.facts, decode=self.decode)
        self._needs = size_for([(resize, {})], self.image_size) if self.decode == "scaled" else None

    told = renamed_attribute("Embedder.told", "visible_metadata")

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path = BASELINE,
        *,
        revision: str | None = None,
        device: str = "cpu",
        limits: ImageLimits | None = None,
        decode: Decoding | None = None,
    ) -> Self:
        """Load a network.

        Args:
            source: A run's folder, a weights file, an export (.onnx, .xml, .pt2), or a Hub repository owner/name. By
                default the plain ImageNet baseline, whose ``note`` says so.
            revision: A commit, tag or branch of a Hub repository.
            device: PyTorch's name of a device.
            limits: The largest images that are decoded, such as ``ImageLimits()`` for those of strangers; None for
                whatever can be trained on.
            decode: "scaled" decodes JPEG files at 1/2, 1/4 or 1/8 of their size as long as both sides stay at least
                twice the network's input, which is faster; the vectors of such files differ a little, and ``note`` says
                so. "full" decodes all at their own size. By default as the network was trained and evaluated.

        Raises:
            ReseenError: The source is none of these, is damaged, or cannot be fetched.

        Example:
            ```python
            embedder = reseen.Embedder.from_pretrained("runs/mine", device="cuda")
            vectors = embedder(["a.jpg", "b.jpg"])
            print(vectors @ vectors.T)
            ```
        """
        return cls(load_network(source, revision=revision, device=device), limits=limits, decode=decode)

    def __call__(
        self,
        images: Images,
        *,
        bgr: bool = False,
        batch: int = BATCH,
        cameras: Names | None = None,
        views: Names | None = None,
    ) -> Vectors:
        """Embed one image or N images.

        Args:
            images: One or many of: a path, the bytes of a file, a PIL image, an array (height, width, 3) of uint8 RGB.
            bgr: Arrays are BGR, as OpenCV reads them.
            batch: Images in one pass of the network.
            cameras: The camera of each image by name, None if unknown, for a network that was evaluated with them.
            views: The same for views.

        Returns:
            (N, D) float32, each row of length 1, in the input's order.

        Raises:
            PictureError: A ReseenError about the first input that is no image or exceeds ``limits``.
            ReseenError: The network accepts no cameras or views, or their number is not N.
        """
        sources = _as_list(images)
        metadata = self._side_information(cameras, views, count=len(sources))
        named = [(f"image {number} of {len(sources)}", source) for number, source in enumerate(sources, start=1)]
        vectors = []
        prepare = partial(self._prepare_named, bgr=bgr)
        for _, vector in self._stream(named, prepare, metadata=metadata, batch=batch, workers=None):
            if isinstance(vector, ImageError):
                raise vector
            vectors.append(vector)
        return np.stack(vectors) if vectors else np.empty((0, self.width), np.float32)

    def embed_files(
        self,
        paths: Iterable[str | Path],
        *,
        batch: int = BATCH,
        workers: int | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        cameras: Names | None = None,
        views: Names | None = None,
    ) -> Iterator[FileVector]:
        """Embed files one after another; threads decode them while the network runs.

        Args:
            paths: The files.
            batch: Images in one pass of the network.
            workers: The number of threads; by default as many as cores.
            on_error: "skip": a file that is no image is yielded with its error; "raise": it raises PictureError.
            cameras: As in a call.
            views: As in a call.

        Yields:
            Each file with its vector, in the input's order.

        Raises:
            ReseenError: As in a call.
        """
        files = [Path(path) for path in paths]
        metadata = self._side_information(cameras, views, count=len(files))
        for path, vector in self._stream(files, self.prepare, metadata=metadata, batch=batch, workers=workers):
            if not isinstance(vector, ImageError):
                yield FileVector(path, vector)
            elif on_error == "skip":
                yield FileVector(path, None, str(vector))
            else:
                raise vector

    def prepare(self, source: ImageSource, *, bgr: bool = False, name: str = "") -> Prepared:
        """Open and resize an image for `embed_prepared`; returns the error of one that cannot be read."""
        try:
            opened = open_image(source, limits=self.limits, bgr=bgr, name=name, at_least=self._needs)
        except ImageError as error:
            return error
        return resized(opened, self.image_size)

    def open(
        self,
        source: ImageSource,
        *,
        box: Box | None = None,
        name: str = "",
        least: int = 1,
        limits: ImageLimits | None = None,
    ) -> Image.Image:
        """The upright image, or its part in a box, decoded as large as `prepare` and ``least`` pixels a side need.

        ``limits``: other ones than the embedder's. Raises PictureError, also for a box that lies outside the image.
        """
        needs = None if self._needs is None else (max(self._needs[0], least), max(self._needs[1], least))
        return open_part(source, box, limits=limits or self.limits, name=name, at_least=needs)

    def embed_prepared(
        self, images: Sequence[NDArray[np.uint8]], *, metadata: Sequence[SideInformation] | None = None
    ) -> Vectors:
        """B results of `prepare`, and the metadata of each -> (B, D), in one pass of the network."""
        if metadata is None:
            return self.network(np.stack(images))
        cameras, views = zip(*metadata, strict=True)
        return self.network(np.stack(images), cameras, views)

    def _prepare_named(self, item: tuple[str, ImageSource], *, bgr: bool) -> Prepared:
        name, source = item
        return self.prepare(source, bgr=bgr, name="" if isinstance(source, str | Path) else name)

    def _side_information(
        self, cameras: Names | None, views: Names | None, *, count: int
    ) -> list[SideInformation] | None:
        return side_information(cameras, views, visible=self.visible_metadata, count=count, source=self.source)

    def _stream(
        self,
        items: Sequence[Item],
        prepare: Callable[[Item], Prepared],
        *,
        metadata: Sequence[SideInformation] | None,
        batch: int,
        workers: int | None,
    ) -> Iterator[tuple[Item, Vectors | ImageError]]:
        """Each item with its vector, or the error of one that cannot be read."""
        if batch < 1:
            raise ValueError(f"expected a batch of at least 1 image, got {batch}")
        chunk: list[tuple[Item, Prepared]] = []
        for number, pair in enumerate(_prepared(items, prepare, workers), start=1):
            chunk.append(pair)
            if len(chunk) == batch or number == len(items):
                part = None if metadata is None else metadata[number - len(chunk) : number]
                yield from self._embed_chunk(chunk, part)
                chunk = []

    def _embed_chunk(
        self, chunk: Sequence[tuple[Item, Prepared]], metadata: Sequence[SideInformation] | None
    ) -> Iterator[tuple[Item, Vectors | ImageError]]:
        readable = [not isinstance(prepared, ImageError) for _, prepared in chunk]
        good = [prepared for _, prepared in chunk if not isinstance(prepared, ImageError)]
        known = None if metadata is None else list(compress(metadata, readable))
        vectors = iter(self.embed_prepared(good, metadata=known) if good else ())
        for item, prepared in chunk:
            yield item, prepared if isinstance(prepared, ImageError) else next(vectors)


def _noted(facts: Facts, *, decode: Decoding) -> str:
    """The network's note, and how its images are decoded if that is otherwise than in its training."""
    if decode == facts.decode:
        return facts.note
    height, width = (round(MARGIN * side) for side in facts.image_size)
    how = (
        f"at 1/2, 1/4 or 1/8 of their size where {height} x {width} pixels are left"
        if decode == "scaled"
        else "in full"
    )
    told = f"JPEG files are decoded {how}, unlike in the network's training, which changes their vectors a little"
    return f"{facts.note}; {told}" if facts.note else told


def _prepared(
    items: Sequence[Item], prepare: Callable[[Item], Prepared], workers: int | None
) -> Iterable[tuple[Item, Prepared]]:
    if len(items) == 1:
        return [(items[0], prepare(items[0]))]  # threads would cost more than they save
    return in_threads(prepare, items, threads=workers)


def _as_list(images: Images) -> list[ImageSource]:
    if isinstance(images, _ONE) or (isinstance(images, np.ndarray) and images.ndim != 4):
        return [images]
    return list(images) if isinstance(images, Iterable) else [images]
