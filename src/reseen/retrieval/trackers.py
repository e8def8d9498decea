"""An embedder in the place of a tracker's own re-ID network, by the signatures that trackers call.

N = boxes, D = width of the vectors. Frames are as OpenCV reads them: (H, W, 3) uint8, BGR.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.data.frames.crop import crops_of
from reseen.errors import ReseenError
from reseen.retrieval.embedder import BATCH, Embedder, Vectors

Frame: TypeAlias = NDArray[np.uint8]

_CORNERS, _ROTATED = 4, 5


class TrackFeatures:
    """Vectors of length 1 of the boxes in a frame, for trackers of several projects.

    - BoxMOT, ``BotSort(reid_model=features)`` and its other trackers with re-ID: calls `get_features`;
    - Ultralytics, ``predictor.trackers[0].encoder = features``: calls the object itself;
    - Roboflow's ``reid`` and what is built on supervision: call `extract_embeddings`.

    A box that leaves the frame is cut at its border; one without area inside is the pixel nearest to it. Corners are
    rounded. A rotated box (five numbers: centre, width, height, angle in radians) is its upright bounding box.

    Example:
        >>> features = TrackFeatures(Embedder.from_pretrained("efficientnet_lite0"))
        >>> frame = np.zeros((120, 160, 3), np.uint8)
        >>> features.get_features(np.array([[10, 10, 60, 90], [-5, 0, 20, 30]]), frame).shape
        (2, 1280)
        >>> features.get_features(np.empty((0, 4)), frame).shape
        (0, 1280)
    """

    def __init__(self, embedder: Embedder, *, batch: int = BATCH) -> None:
        """Embed with ``embedder``, at most ``batch`` boxes in one pass of the network."""
        self.embedder, self.batch = embedder, batch

    def get_features(self, boxes: ArrayLike, image: Frame) -> Vectors:
        """BoxMOT's call.

        Args:
            boxes: (N, 4), left, top, right, bottom in pixels; or (N, 5), rotated.
            image: The frame, BGR.

        Returns:
            (N, D) float32.

        Raises:
            ReseenError: The boxes or the frame have another shape, or a number is not finite.
        """
        return self._embed(_corners(boxes), image)

    def __call__(self, image: Frame, boxes: ArrayLike) -> list[Vectors]:
        """Ultralytics' call: the frame, then (N, >= 4) centre x, centre y, width, height -> N vectors (D,).

        A last column, the number of the detection, is ignored: five columns are an upright box, six a rotated one.
        """
        given = _table(boxes)
        sides = _ROTATED if given.shape[1] > _ROTATED else _CORNERS
        return list(self._embed(_upright(given[:, :sides]), image))

    def extract_embeddings(self, detections: Any, frame: Frame, *, batch_size: int | None = None) -> Vectors:
        """supervision's form: ``detections.xyxy`` (N, 4) in a frame -> (N, D) float32; (0, 0) without detections.

        Keep them with their boxes as ``detections.data["embedding"] = features.extract_embeddings(detections, frame)``.
        """
        corners = _corners(detections.xyxy)
        if not len(corners):
            return np.empty((0, 0), np.float32)
        return self._embed(corners, frame, batch=batch_size)

    def _embed(self, corners: NDArray[np.float64], image: Frame, *, batch: int | None = None) -> Vectors:
        frame = np.asarray(image)
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8 or not frame.size:
            raise ReseenError(f"expected a frame (H, W, 3) of uint8, BGR, got {frame.shape} of {frame.dtype}")
        return self.embedder.embed_arrays(crops_of(frame, corners), bgr=True, batch=batch or self.batch)


def track_features(embedder: Embedder, *, batch: int = BATCH) -> TrackFeatures:
    """An object that drops into the re-ID place of BoxMOT's, Ultralytics' and supervision's trackers.

    Args:
        embedder: The network.
        batch: The most boxes in one pass of it.

    Example (not run):
        ```python
        features = reseen.track_features(reseen.Embedder.from_pretrained("runs/mine"))
        tracker = BotSort(reid_model=features)
        ```
    """
    return TrackFeatures(embedder, batch=batch)


def _corners(boxes: ArrayLike) -> NDArray[np.float64]:
    """(N, 4) corners of (N, 4) corners or (N, 5) rotated boxes."""
    given = _table(boxes)
    if given.shape[1] not in {_CORNERS, _ROTATED}:
        raise ReseenError(f"expected boxes (N, 4) of corners or (N, 5) rotated, got {given.shape}")
    return given if given.shape[1] == _CORNERS else _upright(given)


def _upright(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 4) or, with an angle, (N, 5) of centre x, centre y, width, height -> corners (N, 4)."""
    centre, size = centred[:, :2], centred[:, 2:4]
    if centred.shape[1] == _ROTATED:
        cosine, sine = np.abs(np.cos(centred[:, 4:])), np.abs(np.sin(centred[:, 4:]))
        size = size * cosine + size[:, ::-1] * sine
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)


def _table(boxes: ArrayLike) -> NDArray[np.float64]:
    given = np.asarray(boxes, dtype=np.float64)
    given = given.reshape(-1, _CORNERS) if not given.size else given
    if given.ndim != 2 or given.shape[1] < _CORNERS:
        raise ReseenError(f"expected boxes (N, 4), got {given.shape}")
    if not np.isfinite(given).all():
        raise ReseenError("expected boxes of finite numbers, got NaN or infinity")
    return given
