"""A multi-branch embedder from a backbone and a list of lines, one a branch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import nn

from reseen.backbones import Backbone
from reseen.errors import ReseenError, unknown
from reseen.models.branches import BRANCHES
from reseen.models.metadata import Metadata
from reseen.models.multibranch import Branch, MultiBranchEmbedder, Role
from reseen.models.neck import BNNeck, identity_classifier
from reseen.ops import POOLINGS
from reseen.types import FeatureMap


@dataclass(frozen=True)
class BranchConfig:
    """One branch: its kind (a name in ``BRANCHES``), which losses train it, and the kind's own settings.

    ``factory``: what makes the branch from (stage, trunk) where it is none of these kinds.
    """

    kind: str
    role: Role
    settings: Mapping[str, object] = field(default_factory=dict)
    factory: Callable[[nn.Module, FeatureMap], nn.Module] | None = None


@dataclass(frozen=True)
class MetadataConfig:
    """The names that cameras and views are known by, and how often training takes one as unknown."""

    camera_names: Sequence[str]
    view_names: Sequence[str]
    drop: float = 0.0


def multi_branch(
    backbone: Backbone,
    lines: Sequence[BranchConfig],
    *,
    num_identities: int | None,
    pooling: str = "average",
    metadata: MetadataConfig | None = None,
) -> MultiBranchEmbedder:
    """``backbone``, a whole ResNet with bottlenecks, cut before its last stage, and a branch for each line.

    Raises ReseenError for an unknown kind, no line at all, or another backbone.
    """
    if not lines:
        raise ReseenError("expected at least one branch, got none")
    channels = backbone.feature_map.channels
    trunk, stage = backbone.split_last_stage()
    branches = [
        _branch(
            _stage(line, stage, trunk.feature_map),
            line.role,
            channels=channels,
            num_identities=num_identities,
            pooling=pooling,
        )
        for line in lines
    ]
    table = None
    if metadata is not None:
        table = Metadata(
            branches=len(lines),
            channels=channels,
            camera_names=metadata.camera_names,
            view_names=metadata.view_names,
            drop=metadata.drop,
        )
    return MultiBranchEmbedder(trunk, branches, channels=channels, metadata=table)


def _stage(line: BranchConfig, stage: nn.Module, trunk: FeatureMap) -> nn.Module:
    if line.factory is not None:
        return line.factory(stage, trunk)
    if line.kind not in BRANCHES:
        raise ReseenError(unknown("branch", line.kind, BRANCHES))
    return BRANCHES[line.kind](stage, trunk, **line.settings)


def _branch(stage: nn.Module, role: Role, *, channels: int, num_identities: int | None, pooling: str) -> Branch:
    classifies = role != "triplet" and num_identities is not None
    return Branch(
        stage,
        pooling=POOLINGS[pooling](),
        neck=BNNeck(channels),
        classifier=identity_classifier(channels, num_identities) if classifies and num_identities else None,
        compared=role != "classify",
    )
