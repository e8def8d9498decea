"""The start network, untrained, on a sample: its scores, and the images of query and gallery that it mixes up."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lightning_fabric import Fabric

from reseen.data.summary import Finding
from reseen.data.table import Split, Splits
from reseen.engine.pretrained import resolved
from reseen.errors import ReseenError
from reseen.metrics import evaluate
from reseen.progress import Progress
from reseen.tasks.reid.advise.advice import UntrainedScores
from reseen.tasks.reid.advise.near_duplicates import near_duplicates
from reseen.tasks.reid.advise.sample import Sample, sample_of_test, scored_sample
from reseen.tasks.reid.advise.vectors import ImageVectors, embed_files
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.query_gallery import QueryGallery, told_apart, transform_for
from reseen.tasks.reid.recipe import Recipe

_SCORED = 600
_COMPARED = 400
"""Images of the two samples; together a thousand take less than a minute on two cores."""


class UntrainedLook(NamedTuple):
    """The scores, what was found, and the images that did not decode, with the reason."""

    scores: UntrainedScores
    findings: tuple[Finding, ...]
    unreadable: dict[str, str]


def look_untrained(
    splits: Splits,
    recipe: Recipe,
    *,
    digests: Mapping[str, bytes],
    same_images: bool,
    large: Sequence[Path],
    fabric: Fabric,
    progress: Progress,
) -> UntrainedLook:
    """Embed a sample with the recipe's network as it starts, score it, and compare query with gallery.

    ``large`` images are not decoded.
    """
    recipe = resolved(recipe)
    scored = scored_sample(splits, recipe, most=_SCORED, same_images=same_images)
    compared = None if same_images else sample_of_test(splits, recipe, most=_COMPARED, same_images=False)
    samples = [scored, *([compared] if compared else [])]
    skipped = set(map(str, large))
    sides = [side for sample in samples for side in (sample.query, sample.gallery)]
    paths = dict.fromkeys(path for side in sides for path in side.frame["path"] if path not in skipped)
    model = build_embedder(recipe, num_identities=None, start_weights=True).eval()
    vectors = embed_files(
        fabric.to_device(model),
        list(paths),
        transform=transform_for(model, recipe),
        fabric=fabric,
        batch_size=recipe.evaluation.batch_size,
        progress=progress,
    )
    findings = tuple(_mixed_up(compared, vectors, digests=digests, root=splits.root)) if compared else ()
    return UntrainedLook(_scores(scored, vectors), findings, vectors.unreadable)


def _scores(sample: Sample, vectors: ImageVectors) -> UntrainedScores:
    query, gallery = (_embedded_rows(side, vectors) for side in (sample.query, sample.gallery))
    if not len(query) or not len(gallery):
        return UntrainedScores(None, None, images=0, on="there are no images to score it on")
    try:
        sides = told_apart(QueryGallery(vectors.of(query), vectors.of(gallery)), query=query, gallery=gallery)
        report = evaluate(*sides, protocol=sample.rules)
    except ReseenError as error:
        return UntrainedScores(None, None, images=0, on=str(error))
    images = len(vectors.rows.keys() & {*sample.query.frame["path"], *sample.gallery.frame["path"]})
    return UntrainedScores(report.mean_average_precision, report.rank1, images=images, on=sample.on)


def _mixed_up(sample: Sample, vectors: ImageVectors, *, digests: Mapping[str, bytes], root: Path) -> Iterator[Finding]:
    query, gallery = (_embedded_rows(side, vectors) for side in (sample.query, sample.gallery))
    if not len(query) or not len(gallery):
        return
    paths = (query.frame["path"].to_list(), gallery.frame["path"].to_list())
    marks = [np.array([digests.get(path, path.encode()).hex() for path in side], dtype=np.str_) for side in paths]
    same = marks[0][:, None] == marks[1][None]
    names = ([path.removeprefix(f"{root}/") for path in paths[0]], [path.removeprefix(f"{root}/") for path in paths[1]])
    yield from near_duplicates(vectors.of(query), vectors.of(gallery), rules=sample.rules, same=same, names=names)


def _embedded_rows(split: Split, vectors: ImageVectors) -> Split:
    return split.rows(np.array([path in vectors.rows for path in split.frame["path"]], dtype=np.bool_))
