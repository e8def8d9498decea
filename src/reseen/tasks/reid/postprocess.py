"""Postprocessing between the model and the scores: camera means, expansion, re-ranking.

The order is: each camera's mean is subtracted; each gallery entry becomes the mean of itself and its neighbours; each
query does likewise, with the changed entries as neighbours; the re-ranking ranks.
"""

from dataclasses import dataclass, replace

from reseen.errors import ReseenError
from reseen.metrics import Protocol, Report, evaluate, require_valid_query
from reseen.metrics.labels import known
from reseen.metrics.postprocess.camera_bias import without_camera_bias
from reseen.metrics.postprocess.expand import expand_gallery, expand_query, require_alpha, require_neighbours
from reseen.metrics.postprocess.part_areas import PartAreas
from reseen.metrics.postprocess.rerank import KReciprocal, Reranking
from reseen.metrics.ranking.reranked import require_one_gallery
from reseen.metrics.ranking.selection import select
from reseen.metrics.ranking.tracks import by_track
from reseen.tasks.reid.query_gallery import QueryGallery


@dataclass(frozen=True)
class Expansion:
    """The number of neighbours that a vector is averaged with, each weighted by its cosine to the power ``alpha``.

    ReseenError for no neighbour and for a negative ``alpha``.
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
        """The text beside a score."""
        return f"{self.neighbours} neighbour{'s' * (self.neighbours > 1)}, alpha {self.alpha:g}"


@dataclass(frozen=True)
class Postprocessing:
    """The chosen postprocessing; by default none."""

    camera_bias: bool = False
    expand_gallery: Expansion | None = None
    expand: Expansion | None = None
    rerank: Reranking | None = None

    def of_vectors(self) -> list[str]:
        """A clause for each change of the embeddings."""
        clauses = ["camera means taken out"] * self.camera_bias
        clauses += [f"gallery expanded ({self.expand_gallery})"] if self.expand_gallery else []
        clauses += [f"queries expanded ({self.expand})"] if self.expand else []
        return clauses

    def describe(self) -> list[str]:
        """A clause for each step."""
        return self.of_vectors() + ([self.rerank.describe()] if self.rerank else [])


PLAIN = Postprocessing()


def require_fit(sides: QueryGallery, *, protocol: Protocol, postprocessing: Postprocessing = PLAIN) -> None:
    """Raise ReseenError for what can be known before anything is computed.

    A label that the protocol or the postprocessing needs is missing, no query has a valid match, there is no single
    gallery to expand or re-rank, or it has fewer entries than the neighbours asked for.
    """
    require_valid_query(*sides, protocol=protocol)
    selection = select(*sides, protocol=protocol)
    if protocol.tracks:
        by_track(selection, sides.gallery)
    for name, side in zip(QueryGallery._fields, sides, strict=True):
        if postprocessing.camera_bias and (side.cameras is None or not known(side.cameras).any()):
            raise ReseenError(f"camera bias: no camera is known in the {name}; leave the correction out")
    _require_gallery(postprocessing, protocol=protocol, images=len(selection.kept))


def _require_gallery(postprocessing: Postprocessing, *, protocol: Protocol, images: int) -> None:
    """Raise ReseenError for more neighbours than the gallery has images."""
    if postprocessing.rerank:
        require_one_gallery(protocol)
    if isinstance(postprocessing.rerank, PartAreas) and postprocessing.of_vectors():
        raise ReseenError(
            f"{postprocessing.rerank.describe()}: expected embeddings as the network gives them, got them with "
            f"{postprocessing.of_vectors()[0]}: leave one of both out"
        )
    if isinstance(postprocessing.rerank, KReciprocal) and protocol.shots is None:
        postprocessing.rerank.require_gallery(images)
    reason = "draws a gallery for each trial" if protocol.shots else "ranks no image for itself"
    if (postprocessing.expand or postprocessing.expand_gallery) and (protocol.shots or protocol.same_pictures):
        raise ReseenError(
            f"protocol '{protocol.name}' {reason}, so neighbours from one gallery would tell too "
            "much: evaluate without expansion"
        )
    if postprocessing.expand:
        require_neighbours(postprocessing.expand.neighbours, available=images)
    if postprocessing.expand_gallery:
        require_neighbours(postprocessing.expand_gallery.neighbours, available=images - 1)


def score(
    sides: QueryGallery,
    *,
    protocol: Protocol,
    average_precision: str = "rectangle",
    postprocessing: Postprocessing = PLAIN,
    device: str = "cpu",
) -> Report:
    """Postprocess, rank and score; the report's settings name each step."""
    processed = _postprocessed(sides, protocol=protocol, postprocessing=postprocessing, device=device)
    report = evaluate(
        *processed, protocol=protocol, average_precision=average_precision, rerank=postprocessing.rerank, device=device
    )
    return with_settings(report, *postprocessing.of_vectors())


def with_settings(report: Report, *clauses: str) -> Report:
    """The report with these clauses added to its settings."""
    return replace(report, settings=", ".join([report.settings, *clauses]))


def _postprocessed(
    sides: QueryGallery, *, protocol: Protocol, postprocessing: Postprocessing, device: str
) -> QueryGallery:
    """The embeddings that are ranked, without the entries that the protocol drops for every query."""
    if not postprocessing.of_vectors():
        return sides
    query, gallery = sides.query, sides.gallery.rows(select(*sides, protocol=protocol).kept)
    if postprocessing.camera_bias:
        query, gallery = without_camera_bias(query, reference=gallery), without_camera_bias(gallery)
    if chosen := postprocessing.expand_gallery:
        vectors = expand_gallery(gallery.vectors, top=chosen.neighbours, alpha=chosen.alpha, device=device)
        gallery = replace(gallery, vectors=vectors)
    if chosen := postprocessing.expand:
        vectors = expand_query(query.vectors, gallery.vectors, top=chosen.neighbours, alpha=chosen.alpha, device=device)
        query = replace(query, vectors=vectors)
    return QueryGallery(query, gallery)
