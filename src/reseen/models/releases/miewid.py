"""The released MiewID networks for wild animals, by the names of this package.

``backbone.`` is timm's EfficientNetV2-M (rw), ``pooling.p`` the exponent of its generalized mean, ``bn.`` the norm
after which vectors are compared. The rows of the ArcFace loss (``final.``) are no classifier here.
"""

from collections.abc import Mapping

from torch import Tensor

from reseen.errors import ReseenError
from reseen.models.releases.released import Release, Released

_PREFIXES = {"backbone.": "backbone.body.", "bn.": "neck.norm."}
_LEFT_OUT = ("final.", "backbone.classifier.")


def miewid(tensors: Mapping[str, Tensor]) -> Released:
    """The tensors of a released MiewID checkpoint, renamed; raises ReseenError for tensors of another network."""
    if not {"pooling.p", "bn.weight"} <= tensors.keys():
        raise ReseenError("no MiewID checkpoint: expected pooling.p and bn.weight among its tensors")
    left_out = [name for name in tensors if name.startswith(_LEFT_OUT)]
    ours = {_ours(name): tensor for name, tensor in tensors.items() if name not in left_out}
    ours["pooling.p"] = ours["pooling.p"].reshape(())
    return Released("miewid-wildlife", {}, ours, left_out=left_out)


def _ours(name: str) -> str:
    for theirs, prefix in _PREFIXES.items():
        if name.startswith(theirs):
            return prefix + name.removeprefix(theirs)
    return name


MIEWID = Release(
    miewid,
    recognises=lambda tensors: {"pooling.p", "bn.weight", "backbone.conv_stem.weight"} <= tensors.keys(),
    reads="MiewID's EfficientNetV2 for wild animals, 440 x 440",
    licence="not known here: read the page of the weights",
    files="huggingface.co/conservationxlabs/miewid-msv3",
    expected="none: its authors report scores for each species, and no single one",
)
