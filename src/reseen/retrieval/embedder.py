"""The embedder: images of any kind in, vectors of length 1 out.

N = images, D = width of the vectors.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.data.opening import ImageLimits, ImageSource
from reseen.deploy.facts import LoadedNetwork
from reseen.deploy.loading import load_network
from reseen.deploy.network import BASELINE, NO_METADATA, Names, OnTorch, predicting
from reseen.deprecation import renamed_attribute
from reseen.retrieval.file_vectors import FileVector, OnError, file_vectors
from reseen.retrieval.inputs import (
    Decoding,
    Images,
    as_list,
    prepared_array,
    prepared_image,
    size_needed,
    with_decoding_noted,
)
from reseen.retrieval.parts import open_part
from reseen.retrieval.passes import Made, Pass, Prepared, in_passes, made_of_all
from reseen.retrieval.predicted import DescribedImages, Predicted, Prediction, predictions_of
from reseen.retrieval.record import Box
from reseen.retrieval.side_information import SideInformation, as_columns, side_information

__all__ = [
    "BATCH",
    "Decoding",
    "DescribedImages",
    "Embedder",
    "FileVector",
    "ImageLimits",
    "Images",
    "Predicted",
    "Vectors",
]

Vectors: TypeAlias = NDArray[np.float32]

BATCH = 16
"""Images in one pass of the network by default; on CPUs, larger batches exceed the cache."""


class Embedder:
    """A network that embeds images. Make one with `Embedder.from_pretrained`; safe to call from several threads.

    Attributes:
        width: D, the width of the vectors.
        fingerprint: Identifies the network; do not compare vectors of different fingerprints.
        threshold: Similarity from which two images show the same individual; None without a calibration.
        search_threshold: Similarity from which the best match of a search is known, in a gallery of the calibrated
            size, ``facts.search.records``; None without a calibration. Both thresholds are for images without metadata.
        attributes: What the network predicts of an image besides, each with the names of its classes; empty for a
            network that was trained without the loss ``attributes``, and for an export.
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
        self.attributes = self.network.attributes if isinstance(self.network, OnTorch) else {}
        self.image_size = self.facts.image_size
        self.decode = decode or self.facts.decode
        self.note = with_decoding_noted(self.facts, decode=self.decode)
        self._needs = size_needed(self.image_size, self.decode)

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
        vectors = self._each(images, self.embed_prepared, bgr=bgr, batch=batch, cameras=cameras, views=views)
        return np.stack(vectors) if vectors else np.empty((0, self.width), np.float32)

    def predict_attributes(
        self,
        images: Images,
        *,
        bgr: bool = False,
        batch: int = BATCH,
        cameras: Names | None = None,
        views: Names | None = None,
    ) -> list[dict[str, Prediction]]:
        """Predict the attributes of one image or N images, such as colour and type. The arguments are a call's.

        Returns:
            For each image each attribute's most likely class, with its probability among the classes that the
            training set had.

        Raises:
            PictureError: As in a call.
            ReseenError: The network predicts no attributes, or it is an export.

        Example (not run):
            ```python
            embedder = reseen.Embedder.from_pretrained("runs/mine")
            (said,) = embedder.predict_attributes("gate.jpg")
            print(said["colour"].value, said["colour"].probability)
            ```
        """
        self.require_attributes()
        return self._each(images, self._attributes_of_prepared, bgr=bgr, batch=batch, cameras=cameras, views=views)

    def require_attributes(self) -> None:
        """Raise ReseenError unless the network predicts attributes."""
        predicting(self.network, source=self.source)

    def embed_files(
        self,
        paths: Iterable[str | Path],
        *,
        batch: int = BATCH,
        workers: int | None = None,
        on_error: OnError = "raise",
        cameras: Names | None = None,
        views: Names | None = None,
    ) -> Iterator[FileVector]:
        """Embed files one after another; threads decode them while the network runs. Other arguments are a call's.

        Take all of it, or close it: until then Pillow keeps the memory of an image a core.

        Args:
            paths: The files.
            workers: The number of threads; by default as many as cores, up to 32.
            on_error: "skip": a file that is no image is yielded with its error; "raise": it raises PictureError.

        Yields:
            Each file with its vector, in the input's order.

        Raises:
            ReseenError: As in a call.
        """
        files = [Path(path) for path in paths]
        metadata = self._side_information(cameras, views, count=len(files))
        done = in_passes(files, self.prepare, self.embed_prepared, metadata=metadata, batch=batch, workers=workers)
        yield from file_vectors(done, on_error=on_error)

    def embed_arrays(self, arrays: Sequence[NDArray[np.uint8]], *, bgr: bool = False, batch: int = BATCH) -> Vectors:
        """N arrays (H, W, 3) of uint8 that are in memory and of any size -> (N, D); the vectors of a call.

        For small images and many calls: each is resized at once, without threads, whose start costs more.
        """
        prepare = partial(prepared_array, image_size=self.image_size, bgr=bgr)
        parts = (arrays[place : place + batch] for place in range(0, len(arrays), batch))
        vectors = [self.embed_prepared([prepare(array) for array in part]) for part in parts]
        return np.concatenate(vectors) if vectors else np.empty((0, self.width), np.float32)

    def prepare(self, source: ImageSource, *, bgr: bool = False, name: str = "") -> Prepared:
        """Open and resize an image for `embed_prepared`; returns the error of one that cannot be read."""
        return prepared_image(
            source, image_size=self.image_size, limits=self.limits, at_least=self._needs, bgr=bgr, name=name
        )

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
        return self.network(np.stack(images), *as_columns(metadata))

    def describe_prepared(
        self, images: Sequence[NDArray[np.uint8]], *, metadata: Sequence[SideInformation] | None = None
    ) -> DescribedImages:
        """The same with the predicted attributes of each image, in one pass. ReseenError where none are predicted."""
        network = predicting(self.network, source=self.source)
        vectors, probabilities = network.describe(np.stack(images), *as_columns(metadata))
        return DescribedImages(vectors, predictions_of(network.attributes, probabilities))

    def _attributes_of_prepared(
        self, images: Sequence[NDArray[np.uint8]], *, metadata: Sequence[SideInformation] | None
    ) -> Predicted:
        return self.describe_prepared(images, metadata=metadata).attributes

    def _each(
        self, images: Images, run: Pass[Made], *, bgr: bool, batch: int, cameras: Names | None, views: Names | None
    ) -> list[Made]:
        """What ``run`` makes of each image, in the input's order."""
        sources = as_list(images)
        metadata = self._side_information(cameras, views, count=len(sources))
        return made_of_all(sources, partial(self.prepare, bgr=bgr), run, metadata=metadata, batch=batch)

    def _side_information(
        self, cameras: Names | None, views: Names | None, *, count: int
    ) -> list[SideInformation] | None:
        return side_information(cameras, views, visible=self.visible_metadata, count=count, source=self.source)
