"""Stands in for a network where a test is about galleries: an image's vector is its pixels, shrunk."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.data.opening import DEFAULT_LIMITS, ImageSource, open_image
from reseen.deploy.facts import Facts
from reseen.deploy.search_threshold import SearchThreshold
from reseen.retrieval.parts import open_part
from reseen.retrieval.record import Box


class PlainEmbedder:
    """4 x 4 x 3 pixels about their mean, of length 1; as quick as it is poor."""

    width = 48
    image_size = (4, 4)
    note = ""
    limits = DEFAULT_LIMITS

    def __init__(
        self,
        fingerprint: str = "0123456789abcdef",
        threshold: float | None = None,
        search: SearchThreshold | None = None,
    ) -> None:
        self.fingerprint = fingerprint
        self.threshold = threshold
        self.facts = Facts(fingerprint, self.width, self.image_size, threshold, search=search)
        self.embedded = 0

    def __call__(self, images: object, *, bgr: bool = False, batch: int = 32) -> NDArray[np.float32]:
        listed = list(images) if isinstance(images, list | tuple) else [images]
        return self.embed_prepared([self.prepare(open_image(image)) for image in listed])

    def open(self, source: ImageSource, *, box: Box | None = None, name: str = "", least: int = 1) -> Image.Image:
        return open_part(source, box, limits=self.limits, name=name)

    def prepare(self, source: Image.Image, *, bgr: bool = False, name: str = "") -> NDArray[np.uint8]:
        return np.asarray(source.resize((4, 4), Image.Resampling.BOX))

    def embed_prepared(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        self.embedded += len(images)
        pixels = np.array(images, np.float32).reshape(-1, self.width)
        about = pixels - pixels.mean(axis=1, keepdims=True) + 1e-3
        return about / np.linalg.norm(about, axis=1, keepdims=True)
