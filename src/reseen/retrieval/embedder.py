"""Pictures to vectors in one call: whatever is a picture in, vectors of length 1 out.

N = pictures, D = width of the vectors.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Literal, NamedTuple, Self, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from reseen.data.opening import DEFAULT_LIMITS, PictureError, PictureLimits, PictureSource, open_image
from reseen.data.threads import in_threads
from reseen.data.transforms import resize
from reseen.deploy.facts import Loaded
from reseen.deploy.loading import load_network
from reseen.deploy.network import BASELINE, NOTHING_TOLD, Names, OnTorch
from reseen.errors import ReseenError

Pictures: TypeAlias = PictureSource | Iterable[PictureSource]
"""One picture or many; an array of four axes is many."""

Vectors: TypeAlias = NDArray[np.float32]
Prepared: TypeAlias = NDArray[np.uint8] | PictureError
"""(H, W, 3) of the network's own size, or why there is none."""

BATCH = 16
"""Pictures through the network at once, unless said otherwise: on CPUs, larger maps fall out of the cache."""

Entry = TypeVar("Entry")

_ONE = (str, Path, bytes, bytearray, memoryview, Image.Image)


class Beside(NamedTuple):
    """What a network may be told beside a picture; None: not known."""

    camera: str | None
    view: str | None


class FileVector(NamedTuple):
    """A file's ``vector`` (D,), or None and the ``error`` that says why."""

    path: Path
    vector: Vectors | None
    error: str = ""


class Embedder:
    """A network that takes any picture. Begin with `Embedder.from_pretrained`; safe to call from several threads.

    ``width``: D. ``fingerprint``: vectors of embedders with another one are not to be compared. ``threshold``: the
    similarity from which two pictures count as the same individual; ``search_threshold``: from which the best match of
    a search does, in a gallery of the size it was found at (``facts.search`` knows it); None without a calibration, and
    both for pictures alone. ``told``: the cameras and views that the network can be told, by name. ``image_size``: the
    (height, width) that pictures are resized to. ``note``: what a user should be told, or "".
    """

    def __init__(self, loaded: Loaded, *, limits: PictureLimits = DEFAULT_LIMITS) -> None:
        self.network, self.facts, self.source = loaded
        self.limits = limits
        self.width = self.facts.width
        self.fingerprint = self.facts.fingerprint
        self.threshold = self.facts.threshold
        self.search_threshold = None if self.facts.search is None else self.facts.search.value
        self.told = self.network.told if isinstance(self.network, OnTorch) else NOTHING_TOLD
        self.image_size = self.facts.image_size
        self.note = self.facts.note
        self._resize = resize(image_size=self.image_size)

    @classmethod
    def from_pretrained(
        cls, source: str | Path = BASELINE, *, revision: str | None = None, device: str = "cpu"
    ) -> Self:
        """The network of a run's folder, a weights file, an export (.onnx, .xml), or a Hub repository owner/name.

        ``revision``: a commit, tag or branch of a Hub repository. ``device``: as PyTorch names it. Without a source,
        the plain ImageNet baseline; its ``note`` says so.

        Raises ReseenError for a source that is none of these, damaged, or cannot be fetched.
        """
        return cls(load_network(source, revision=revision, device=device))

    def __call__(
        self,
        images: Pictures,
        *,
        bgr: bool = False,
        batch: int = BATCH,
        cameras: Names | None = None,
        views: Names | None = None,
    ) -> Vectors:
        """One picture or N -> (N, D) float32, each of length 1, in the given order.

        A picture is a path, an encoded file's bytes, a PIL picture, or (height, width, 3) uint8 in RGB; ``bgr``: in
        BGR, as OpenCV reads them. ``batch``: how many go through the network at once. ``cameras``, ``views``: of each
        picture by name, None where not known, for a network that was evaluated with them.

        Raises PictureError, a ReseenError, for the first that is no picture or beyond ``limits``; ReseenError for
        cameras or views that the network cannot be told.
        """
        sources = _listed(images)
        beside = self._beside(cameras, views, count=len(sources))
        named = [(f"picture {number} of {len(sources)}", source) for number, source in enumerate(sources, start=1)]
        vectors = []
        prepare = partial(self._prepare_named, bgr=bgr)
        for _, vector in self._stream(named, prepare, beside=beside, batch=batch, workers=None):
            if isinstance(vector, PictureError):
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
        """Each file with its vector, in order, decoded by ``workers`` threads while the network works.

        ``skip``: a file that is no picture comes with its error instead of a vector; ``raise``: it ends the stream
        with a PictureError. ``cameras``, ``views``: as in a call.
        """
        files = [Path(path) for path in paths]
        beside = self._beside(cameras, views, count=len(files))
        for path, vector in self._stream(files, self.prepare, beside=beside, batch=batch, workers=workers):
            if not isinstance(vector, PictureError):
                yield FileVector(path, vector)
            elif on_error == "skip":
                yield FileVector(path, None, str(vector))
            else:
                raise vector

    def prepare(self, source: PictureSource, *, bgr: bool = False, name: str = "") -> Prepared:
        """What `embed_prepared` takes, or the error that says why there is none."""
        try:
            picture = open_image(source, limits=self.limits, bgr=bgr, name=name)
        except PictureError as error:
            return error
        image = self._resize(torch.from_numpy(np.array(picture)).permute(2, 0, 1))
        return image.permute(1, 2, 0).numpy()

    def embed_prepared(
        self, pictures: Sequence[NDArray[np.uint8]], *, beside: Sequence[Beside] | None = None
    ) -> Vectors:
        """B of what `prepare` gave, and what the network is told beside each -> (B, D): one pass of the network."""
        if beside is None:
            return self.network(np.stack(pictures))
        cameras, views = zip(*beside, strict=True)
        return self.network(np.stack(pictures), cameras, views)

    def _prepare_named(self, entry: tuple[str, PictureSource], *, bgr: bool) -> Prepared:
        name, source = entry
        return self.prepare(source, bgr=bgr, name="" if isinstance(source, str | Path) else name)

    def _beside(self, cameras: Names | None, views: Names | None, *, count: int) -> list[Beside] | None:
        """What is said beside each of so many pictures; None where nothing is."""
        for what, names, known in (("cameras", cameras, self.told.cameras), ("views", views, self.told.views)):
            if names is not None and not known:
                raise ReseenError(
                    f"{what}: {self.source} cannot be told any; leave them out, or load a run evaluated with them"
                )
            if names is not None and (isinstance(names, str) or len(names) != count):
                raise ReseenError(f"{what}: expected a list with one for each of {count} pictures, got {names!r:.60}")
        if cameras is None and views is None:
            return None
        unknown = [None] * count
        named = (unknown if names is None else names for names in (cameras, views))
        return [Beside(*pair) for pair in zip(*named, strict=True)]

    def _stream(
        self,
        entries: Sequence[Entry],
        prepare: Callable[[Entry], Prepared],
        *,
        beside: Sequence[Beside] | None,
        batch: int,
        workers: int | None,
    ) -> Iterator[tuple[Entry, Vectors | PictureError]]:
        """Each entry with its vector, or why it has none."""
        if batch < 1:
            raise ValueError(f"expected a batch of at least 1 picture, got {batch}")
        chunk: list[tuple[Entry, Prepared]] = []
        for number, pair in enumerate(_prepared(entries, prepare, workers), start=1):
            chunk.append(pair)
            if len(chunk) == batch or number == len(entries):
                yield from self._embed_chunk(chunk, None if beside is None else beside[number - len(chunk) : number])
                chunk = []

    def _embed_chunk(
        self, chunk: Sequence[tuple[Entry, Prepared]], beside: Sequence[Beside] | None
    ) -> Iterator[tuple[Entry, Vectors | PictureError]]:
        fit = [not isinstance(prepared, PictureError) for _, prepared in chunk]
        good = [prepared for _, prepared in chunk if not isinstance(prepared, PictureError)]
        told = None if beside is None else list(compress(beside, fit))
        vectors = iter(self.embed_prepared(good, beside=told) if good else ())
        for entry, prepared in chunk:
            yield entry, prepared if isinstance(prepared, PictureError) else next(vectors)


def _prepared(
    entries: Sequence[Entry], prepare: Callable[[Entry], Prepared], workers: int | None
) -> Iterable[tuple[Entry, Prepared]]:
    if len(entries) == 1:
        return [(entries[0], prepare(entries[0]))]  # threads would cost more than they save
    return in_threads(prepare, entries, threads=workers)


def _listed(images: Pictures) -> list[PictureSource]:
    if isinstance(images, _ONE) or (isinstance(images, np.ndarray) and images.ndim != 4):
        return [images]
    return list(images) if isinstance(images, Iterable) else [images]
