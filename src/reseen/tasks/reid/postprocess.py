"""What may be done to vectors between the model and the scores: camera means, expansion, re-ranking.

In this order: each camera's mean is taken out; each gallery entry becomes the mean of itself and its neighbours; each
query likewise, its neighbours being entries as they then are; the ranking is that of the re-ranking.
"""

from dataclasses import dataclass, replace

from reseen.errors import ReseenError
from reseen.metrics import Protocol, Report, evaluate, require_valid_query
from reseen.metrics.labels import known
from reseen.metrics.postprocess.camera_bias import without_camera_bias
from reseen.metrics.postprocess.expand import expand_gallery, expand_query, require_alpha, require_neighbours
from reseen.metrics.postprocess.rerank import KReciprocal, Reranking
from reseen.metrics.ranking.reranked import require_one_gallery
from reseen.metrics.ranking.selection import select
from reseen.metrics.ranking.tracks import by_track
from reseen.tasks.reid.query_gallery import Sides


@dataclass(frozen=True)
class Expansion:
    """How many neighbours a vector is joined by, each weighing its cosine to the power ``alpha`` (0: all alike).

    ReseenError: no neighbour, a negative ``alpha``.
    """

    neighbours: int
    alpha: float = 0.0

    def __post_init__(self) -> None:
        if self.neighbours < 1:
            raise ReseenError(
                f"expansion: expected at least 1 neighbour, got {self.neighbours}; leave it out to expand nothing"
            )
        require_alpha(self.alpha)

    def __str__(self) -> str:
        """As it stands beside a score."""
        return f"{self.neighbours} neighbour{'s' * (self.neighbours > 1)}, alpha {self.alpha:g}"


@dataclass(frozen=True)
class Refinement:
    """What is asked for; nothing unless said."""

    camera_bias: bool = False
    expand_gallery: Expansion | None = None
    expand: Expansion | None = None
    rerank: Reranking | None = None

    def of_vectors(self) -> list[str]:
        """What is done to the vectors, a clause each."""
        clauses = ["camera means taken out"] * self.camera_bias
        clauses += [f"gallery expanded ({self.expand_gallery})"] if self.expand_gallery else []
        clauses += [f"queries expanded ({self.expand})"] if self.expand else []
        return clauses

    def describe(self) -> list[str]:
        """Everything that is done, a clause each."""
        return self.of_vectors() + ([self.rerank.describe()] if self.rerank else [])


PLAIN = Refinement()


def require_fit(sides: Sides, *, protocol: Protocol, refinement: Refinement = PLAIN) -> None:
    """ReseenError for what can be known before anything is computed.

    A label is missing that the protocol or the refinement needs, no query has a valid match, there is no one gallery to
    be expanded or re-ranked, or it is smaller than the neighbours asked for.
    """
    require_valid_query(*sides, protocol=protocol)
    selection = select(*sides, protocol=protocol)
    if protocol.tracks:
        by_track(selection, sides.gallery)
    for name, side in zip(Sides._fields, sides, strict=True):
        if refinement.camera_bias and (side.cameras is None or not known(side.cameras).any()):
            raise ReseenError(f"camera bias: no camera is known in the {name}; leave the correction out")
    _require_gallery(refinement, protocol=protocol, pictures=len(selection.kept))


def _require_gallery(refinement: Refinement, *, protocol: Protocol, pictures: int) -> None:
    """ReseenError where neighbours are asked for that the gallery of so many pictures has not."""
    if refinement.rerank:
        require_one_gallery(protocol)
    if isinstance(refinement.rerank, KReciprocal) and protocol.shots is None:
        refinement.rerank.require_gallery(pictures)
    own = "draws a gallery for each trial" if protocol.shots else "ranks no picture for itself"
    if (refinement.expand or refinement.expand_gallery) and (protocol.shots or protocol.same_pictures):
        raise ReseenError(
            f"protocol '{protocol.name}' {own}, so neighbours from one gallery would tell too much: evaluate without "
            "expansion"
        )
    if refinement.expand:
        require_neighbours(refinement.expand.neighbours, available=pictures)
    if refinement.expand_gallery:
        require_neighbours(refinement.expand_gallery.neighbours, available=pictures - 1)


def score(
    sides: Sides,
    *,
    protocol: Protocol,
    average_precision: str = "rectangle",
    refinement: Refinement = PLAIN,
    device: str = "cpu",
) -> Report:
    """Refine, rank and score; the report's settings say what was done."""
    refined = _refined(sides, protocol=protocol, refinement=refinement, device=device)
    report = evaluate(
        *refined, protocol=protocol, average_precision=average_precision, rerank=refinement.rerank, device=device
    )
    return with_settings(report, *refinement.of_vectors())


def with_settings(report: Report, *clauses: str) -> Report:
    """The report with more said about how it came about."""
    return replace(report, settings=", ".join([report.settings, *clauses]))


def _refined(sides: Sides, *, protocol: Protocol, refinement: Refinement, device: str) -> Sides:
    """Both sides with the vectors that are ranked; entries that the protocol drops for every query are left out."""
    if not refinement.of_vectors():
        return sides
    query, gallery = sides.query, sides.gallery.rows(select(*sides, protocol=protocol).kept)
    if refinement.camera_bias:
        query, gallery = without_camera_bias(query, reference=gallery), without_camera_bias(gallery)
    if entries := refinement.expand_gallery:
        vectors = expand_gallery(gallery.vectors, top=entries.neighbours, alpha=entries.alpha, device=device)
        gallery = replace(gallery, vectors=vectors)
    if asked := refinement.expand:
        vectors = expand_query(query.vectors, gallery.vectors, top=asked.neighbours, alpha=asked.alpha, device=device)
        query = replace(query, vectors=vectors)
    return Sides(query, gallery)
