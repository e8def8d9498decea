"""A checkpoint that a method's authors released, in our names, and what it says of the model it belongs to."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor


class Released(NamedTuple):
    """``model`` by name, its tensors, and how many identities its head knows (None: the head was left out).

    ``image_size`` (height, width) if the tensors tell it. ``camera_names``, ``view_names``: empty without metadata.
    """

    model: str
    tensors: dict[str, Tensor]
    num_identities: int | None
    image_size: tuple[int, int] | None = None
    camera_names: Sequence[str] = ()
    view_names: Sequence[str] = ()
