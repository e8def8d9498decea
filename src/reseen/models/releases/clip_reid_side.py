"""The embedding of cameras and views of a CLIP-ReID checkpoint: its settings, its tensor and the names of its rows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor

from reseen.errors import ReseenError
from reseen.models.releases.mbr import CAMERAS, VIEWS

CAMERA_NAMES = {len(CAMERAS): CAMERAS, 15: tuple(f"{number:02d}" for number in range(1, 16))}
VIEW_NAMES = {len(VIEWS): VIEWS}
"""Of VeRi-776 and MSMT17, as our readers name them; others count from 1."""
ROWS_OF_VERI = len(CAMERAS) * len(VIEWS)


class Side(NamedTuple):
    """What is known of the embedding of cameras and views: settings of [model], a tensor, and the names.

    ``of_all``: what a single row adds to the class token of every image, (D,).
    """

    model: Mapping[str, float | None]
    tensors: Mapping[str, Tensor]
    camera_names: Sequence[str]
    view_names: Sequence[str]
    of_all: Tensor | None = None


NO_SIDE = Side({}, {}, (), ())


def refuse_side_options(cameras: int | None, views: int | None) -> None:
    """Raise ReseenError for options of an embedding that the checkpoint has not, or that is not used."""
    if cameras or views:
        raise ReseenError("it has no embedding of cameras that is used (cv_embed): leave cameras and views out")


def side_of(rows: Tensor | None, *, cameras: int | None, views: int | None, coefficient: float | None) -> Side:
    """What a ViT's file and its user say of the embedding. Raises ReseenError where they do not fit together."""
    if rows is None:
        refuse_side_options(cameras, views)
        return NO_SIDE._replace(model={"coefficient": None})
    cameras, views = _counts(len(rows), cameras, views)
    if coefficient is None:
        raise ReseenError(
            "the file does not hold the coefficient of its embedding of cameras: give --set coefficient=1.0, which "
            "the authors' commands train with, or coefficient=3.0, their configuration's default"
        )
    if len(rows) == 1:
        return Side({"coefficient": None}, {}, (), (), of_all=coefficient * rows[0])
    return Side(
        model={"coefficient": coefficient},
        tensors={"backbone.body.side.rows": rows},
        camera_names=CAMERA_NAMES.get(cameras, _numbered(cameras)),
        view_names=VIEW_NAMES.get(views, _numbered(views)),
    )


class _Counts(NamedTuple):
    cameras: int
    views: int


def _counts(rows: int, cameras: int | None, views: int | None) -> _Counts:
    """How many cameras and views the rows are for; 0 views for cameras alone."""
    if cameras is None and views is None and rows == ROWS_OF_VERI:
        return _Counts(len(CAMERAS), len(VIEWS))
    cameras = rows // (views or 1) if cameras is None else cameras
    if cameras * (views or 1) != rows:
        raise ReseenError(
            f"its embedding of cameras (cv_embed) has {rows} rows, not {cameras} cameras x {views or 1} views: "
            "give --set cameras=C views=V"
        )
    return _Counts(cameras, views or 0)


def with_single_row(body: Mapping[str, Tensor], side: Side) -> dict[str, Tensor]:
    """The class token with the row of the one camera, which no image lacks, so that no camera need be known."""
    return {} if side.of_all is None else {"cls_token": body["cls_token"] + side.of_all}


def _numbered(count: int) -> tuple[str, ...]:
    """Names from 1; a single camera or view tells nothing apart, so it need not be known."""
    return tuple(str(number) for number in range(1, count + 1)) if count > 1 else ()
