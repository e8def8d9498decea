"""The released RGA checkpoints, by the names of this package.

Their modules sit in ``backbone.rga_att1`` to ``rga_att4``, one sequence of layers per part and half: theta, phi and gx
embed the nodes, gg the relations, W makes the gate; the head is ``feat_bn`` and ``cls``.
"""

from collections.abc import Mapping

import torch
from einops import rearrange
from torch import Tensor

from reseen.errors import ReseenError
from reseen.models.releases.released import Release, Released

EMBEDDINGS = ("theta", "phi", "gx")
"""In the order of `RelationGate.embed`'s channels."""
NORMS = {"gg_{}.1": "relate_norm", "W_{}.1": "combine_norm", "W_{}.4": "gate_norm"}
LAYERS = {"gg_{}.0": "relate", "W_{}.0": "combine", "W_{}.3": "gate"}
STATISTICS = ("weight", "bias", "running_mean", "running_var")
HEAD = {"feat_bn.": "neck.norm.", "cls.": "classifier."}
COUNTER = "num_batches_tracked"
MODELS_BY_HALVES = {("spatial",): "rga_s", ("channel",): "rga_c", ("spatial", "channel"): "rga_sc"}


def rga_release(tensors: Mapping[str, Tensor], *, with_head: bool) -> Released:
    """The tensors of a released RGA checkpoint, renamed, its three embeddings joined to one.

    Batch counters, which torch 0.4 may not have kept, start at 0 then. Without head: without classifier; the norm
    before it is kept if it is there.

    Raises ReseenError for parts that lack, for names that no release has, and for a classifier that lacks though the
    head is asked for.
    """
    halves = tuple(half for half in ("spatial", "channel") if f"backbone.rga_att1.theta_{half}.0.weight" in tensors)
    if not halves:
        raise ReseenError("no released RGA checkpoint: expected backbone.rga_att1.theta_spatial.0.weight or _channel")
    left = _Left(tensors)
    ours: dict[str, Tensor] = {}
    for stage in range(1, 5):
        for place, half in enumerate(halves):
            inner = f"{place}." if len(halves) > 1 else ""
            gate = _gate(left, f"backbone.rga_att{stage}.", half)
            ours |= {f"backbone.body.layer{stage}.attention.{inner}relation.{name}": gate[name] for name in gate}
    ours |= left.renamed({"backbone.": "backbone.body.", **HEAD})
    left.refuse_rest()
    classifier = ours.get("classifier.weight")
    if with_head and classifier is None:
        raise ReseenError("the checkpoint has no head (cls.weight): import it without the head")
    if not with_head:
        ours.pop("classifier.weight", None)
    norms = [name.removesuffix("running_mean") for name in ours if name.endswith(".running_mean")]
    counters = {f"{norm}{COUNTER}": torch.tensor(0) for norm in norms}
    known = len(classifier) if with_head and classifier is not None else None
    name = MODELS_BY_HALVES[halves]
    return Released(f"{name.replace('_', '-')}-cuhk03-labelled", {"name": name}, {**counters, **ours}, known)


def _gate(left: "_Left", source: str, half: str) -> dict[str, Tensor]:
    """The tensors of one `RelationGate`."""
    gate = {"embed.weight": torch.cat([left.take(f"{source}{part}_{half}.0.weight") for part in EMBEDDINGS])}
    for name in STATISTICS:
        gate[f"embed_norm.{name}"] = torch.cat([left.take(f"{source}{part}_{half}.1.{name}") for part in EMBEDDINGS])
        gate |= {f"{ours}.{name}": left.take(f"{source}{theirs.format(half)}.{name}") for theirs, ours in NORMS.items()}
    gate |= {f"{ours}.weight": left.take(f"{source}{theirs.format(half)}.weight") for theirs, ours in LAYERS.items()}
    gate["relate.weight"] = rearrange(gate["relate.weight"], "m n 1 1 -> m n")
    for theirs, ours in {**NORMS, **{f"{part}_{{}}.1": "embed_norm" for part in EMBEDDINGS}}.items():
        counter = left.tensors.pop(f"{source}{theirs.format(half)}.{COUNTER}", None)
        gate |= {} if counter is None else {f"{ours}.{COUNTER}": counter}
    return gate


class _Left:
    """The tensors of a checkpoint that have not been used yet."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = dict(tensors)

    def take(self, name: str) -> Tensor:
        if name not in self.tensors:
            raise ReseenError(f"no whole released RGA checkpoint: {name} is missing")
        return self.tensors.pop(name)

    def renamed(self, prefixes: Mapping[str, str]) -> dict[str, Tensor]:
        """Take everything that begins with one of the prefixes, each exchanged for ours."""
        taken = {}
        for theirs, ours in prefixes.items():
            for name in [name for name in self.tensors if name.startswith(theirs)]:
                taken[ours + name.removeprefix(theirs)] = self.tensors.pop(name)
        return taken

    def refuse_rest(self) -> None:
        if self.tensors:
            names = ", ".join(list(self.tensors)[:5])
            raise ReseenError(f"no released RGA checkpoint: {len(self.tensors)} names unknown to it ({names})")


RGA = Release(
    rga_release,
    recognises=lambda tensors: any(name.startswith("backbone.rga_att1.") for name in tensors),
    reads="RGA-S, RGA-C and RGA-SC on ResNet-50",
    licence="MIT, Microsoft",
    files="github.com/microsoft/Relation-Aware-Global-Attention-Networks",
    expected="CUHK03 labelled, RGA-SC: 77.4 mAP, 81.1 rank-1",
)
