"""A checkpoint that a method's authors released, in our names, and what it says of the network it belongs to.

A kind of release is a line in `reseen.models.releases.RELEASES`: how it is read, and where it comes from.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from torch import Tensor


class Released(NamedTuple):
    """A checkpoint by our names.

    Attributes:
        recipe: The name of the recipe that trains such networks: how images are fed, and how it was trained.
        model: The settings of its [model] that differ from the recipe's, read from names and shapes of the tensors.
        tensors: By the names of the network that is built so.
        num_identities: How many its head knows; None where the head was left out.
        image_size: (height, width) of its training if the tensors or the release tell it; None takes the recipe's.
        data: Settings of its [data] that differ from the recipe's, such as mean and std.
        camera_names: That the network has learned, in its order; empty without side information.
        view_names: Likewise.
        left_out: Names of the file's tensors that have no part in the network, told to the user.
    """

    recipe: str
    model: Mapping[str, Any]
    tensors: dict[str, Tensor]
    num_identities: int | None = None
    image_size: tuple[int, int] | None = None
    data: Mapping[str, Any] = MappingProxyType({})
    camera_names: Sequence[str] = ()
    view_names: Sequence[str] = ()
    left_out: Sequence[str] = ()

    @property
    def described(self) -> str:
        """The network in a few words."""
        kind = self.model.get("name") or self.model.get("backbone") or self.recipe
        head = self.model.get("head")
        return f"{kind} with the head {head['name']}" if head else str(kind)


class Release(NamedTuple):
    """A kind of released checkpoints.

    Attributes:
        read: function(tensors, \\*, with_head, image_size, ...) -> Released. It names of these what it needs; further
            keyword-only parameters, typed, are the release's options (``--set cameras=20``), for what names and shapes
            cannot tell. ``image_size`` is the user's (height, width), or None. It raises ReseenError for tensors that
            are none of its release, and accounts for every name.
        recognises: Whether these names are of this release rather than of another.
        reads: What it reads, in one phrase.
        licence: Of the code and the weights; "none stated" where the authors state none.
        files: Where the authors keep their files.
        expected: A published score to check an import by, with its data.
        distance: What the published score was measured with.
        asks: Options that its files do not hold and in which they differ: a file is not read without them unasked.
    """

    read: Callable[..., Released]
    recognises: Callable[[Mapping[str, Tensor]], bool]
    reads: str
    licence: str
    files: str
    expected: str
    distance: Literal["cosine", "euclidean"] = "cosine"
    asks: tuple[str, ...] = ()
