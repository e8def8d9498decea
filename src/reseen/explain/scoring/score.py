"""Explanations scored on data whose distinguishing marks are known pixel by pixel.

Two questions are asked of each query: what makes it like its best true match ("match"), and what makes it more like
that match than like its twin's best picture ("twin"). L = looks: one picture under one map.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reseen.draw.confusions import known_twins
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.explain.explainer import Explainer, explainer_of
from reseen.explain.maps import branch_vectors, similarity_shares
from reseen.explain.scoring.bootstrap import Numbers, Resampled, resampled
from reseen.explain.scoring.candidates import CENTRE, Candidate, Question, candidates
from reseen.explain.scoring.marks import mark_files, marks_of
from reseen.explain.scoring.measures import TOLERANCE, Ends, Similarity, areas, ends_of, energy_on, enlarged, points_at
from reseen.explain.scoring.pairs import Case, find_cases
from reseen.metrics import Estimate
from reseen.progress import SILENT, Bar, Progress
from reseen.tasks.reid.evaluate import splits_of
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from reseen.tasks.reid.scoring import Evaluated, score_model

PAIRS = 40
BATCH = 16
"""Pictures that pass through the network together."""
MATCH, TWIN = "match", "twin"
SCORES = ("energy", "pointing", "deletion", "insertion", "faithfulness")
"""Energy on the marks over the marks' share of the picture (1: a map that is the same everywhere); share of maps that
point at a mark; mean similarity while the picture is taken away, and while it comes back; the latter less the former.
"""


@dataclass(frozen=True)
class ScoredMap:
    """``scores`` by the names in ``SCORES``, and by how much each is larger than the centre prior's."""

    method: str
    stage: str
    scores: Mapping[str, Estimate]
    over_centre: Mapping[str, Estimate]


@dataclass(frozen=True)
class ScoredQuestion:
    """``marks_area``: the share of the ``pictures`` that the marks cover."""

    name: str
    pictures: int
    identities: int
    marks_area: float
    maps: Sequence[ScoredMap]


@dataclass(frozen=True)
class ScoredExplanations:
    """What was scored: the run, its model, the data, and the distance in pixels at which pointing still hits."""

    run: Path
    model: str
    data: Path
    tolerance: int
    questions: Sequence[ScoredQuestion]


def score_explanations(
    run: Run | Path | str,
    data: Path | str,
    *,
    pairs: int = PAIRS,
    method: str | None = None,
    progress: Progress | None = None,
) -> ScoredExplanations:
    """Score every method at every stage and every attention of a run's model, or one ``method``, by masks of ``data``.

    ``data``: a set of `reseen synth --masks`. ``pairs``: how many queries, spread over identities. Beside them stand
    a centre prior and a random map, which know nothing of the picture. Raises ReseenError for data without masks, for
    an unknown method, and where fewer than two identities can be asked about.
    """
    run = open_run(run)
    progress, explainer = progress or SILENT, explainer_of(run)
    splits = splits_of(run, data)
    files, root = mark_files(splits.root), splits.root
    result = _evaluated(run, explainer, data, progress=progress)
    size = explainer.recipe.data.image_size
    marks = marks_of(files, result.splits.query.paths, size=size)
    visible = marks.any(dim=(1, 2)).nonzero()[:, 0].tolist()
    cases = find_cases(result, visible, count=pairs, twins=known_twins(root))
    tolerance = round(min(size) * TOLERANCE)
    asked = {MATCH: cases, TWIN: [case for case in cases if case.twin is not None]}
    scorer = _Scorer(explainer, result, marks, tolerance)
    compared = candidates(explainer.model, explainer.side(result.splits.query, [0]), method=method)
    with progress.bar("score maps", total=len(compared) * sum(map(len, asked.values()))) as bar:
        questions = [
            scorer.question(name, of_question, compared, bar=bar)
            for name, of_question in asked.items()
            if name == MATCH or of_question
        ]
    recipe = explainer.recipe.model
    return ScoredExplanations(run.path, recipe.name or recipe.backbone, root, tolerance, questions)


def _evaluated(run: Run, explainer: Explainer, data: Path | str, *, progress: Progress) -> Evaluated:
    if Path(str(run.data()["path"])).resolve() == Path(data).resolve():
        return saved_evaluation(run, progress=progress)
    progress.say(f"{data}: not the run's data, embedded now")
    return score_model(
        explainer.model,
        splits_of(run, data),
        explainer.recipe,
        fabric=explainer.fabric,
        progress=progress,
        name="trained",
    )


@dataclass(frozen=True, eq=False)
class _Scorer:
    explainer: Explainer
    result: Evaluated
    marks: Tensor
    tolerance: int

    def question(self, name: str, cases: Sequence[Case], compared: Sequence[Candidate], *, bar: Bar) -> ScoredQuestion:
        """All candidates on the same pictures."""
        rows = [case.query for case in cases]
        identities = [str(self.result.query.identities[row]) for row in rows]
        if len(set(identities)) < 2:
            raise ReseenError(
                f"scores need queries of at least 2 identities with visible marks, got {len(set(identities))}"
            )
        area = self.marks[rows].float().mean(dim=(1, 2)).numpy().astype(np.float64)
        parts: list[list[Mapping[str, Tensor]]] = [[] for _ in compared]
        for question, marks in self._batches(cases, twin=name == TWIN):
            ends = ends_of(question.side.images, self._similarity(question))
            for found, candidate in zip(parts, compared, strict=True):
                found.append(self._measure(candidate, question, marks=marks, ends=ends))
                bar.advance(len(marks), note=f"{candidate.method} {candidate.stage}")
        scores = [_scores(_joined(found), area, identities) for found in parts]
        centre = scores[[candidate.method for candidate in compared].index(CENTRE)]
        maps = [_scored(*pair, centre=centre) for pair in zip(compared, scores, strict=True)]
        return ScoredQuestion(name, len(rows), len(set(identities)), float(area.mean()), maps)

    def _batches(self, cases: Sequence[Case], *, twin: bool) -> Iterator[tuple[Question, Tensor]]:
        splits, model = self.result.splits, self.explainer.model
        for start in range(0, len(cases), BATCH):
            batch = cases[start : start + BATCH]
            rows = [case.query for case in batch]
            toward = branch_vectors(model, self.explainer.side(splits.gallery, [case.match for case in batch]))
            twins = [case.twin for case in batch if twin and case.twin is not None]
            away = branch_vectors(model, self.explainer.side(splits.gallery, twins)) if twins else None
            question = Question(self.explainer.side(splits.query, rows), toward, away)
            yield question, self.marks[rows].to(question.side.images.device)

    def _similarity(self, question: Question) -> Similarity:
        def similarity(changed: Tensor) -> Tensor:
            vectors = branch_vectors(self.explainer.model, question.side._replace(images=changed))
            whole = similarity_shares(vectors, question.toward).sum(dim=1)
            return whole if question.away is None else whole - similarity_shares(vectors, question.away).sum(dim=1)

        return similarity

    def _measure(self, candidate: Candidate, question: Question, *, marks: Tensor, ends: Ends) -> Mapping[str, Tensor]:
        images = question.side.images
        drawn = candidate.draw(self.explainer.model, question)
        maps = enlarged(drawn, size=(images.shape[2], images.shape[3]))
        change = areas(images, maps, self._similarity(question), ends=ends)
        return {
            "energy": energy_on(maps, marks),
            "pointing": points_at(maps, marks, tolerance=self.tolerance),
            "deletion": change.deletion,
            "insertion": change.insertion,
            "faithfulness": change.insertion - change.deletion,
        }


def _joined(parts: Sequence[Mapping[str, Tensor]]) -> Mapping[str, Numbers]:
    return {name: torch.cat([part[name] for part in parts]).cpu().numpy().astype(np.float64) for name in SCORES}


def _scores(looks: Mapping[str, Numbers], area: Numbers, identities: Sequence[str]) -> Mapping[str, Resampled]:
    return {
        name: resampled(values, identities, per=area if name == "energy" else None) for name, values in looks.items()
    }


def _scored(candidate: Candidate, scores: Mapping[str, Resampled], *, centre: Mapping[str, Resampled]) -> ScoredMap:
    return ScoredMap(
        candidate.method,
        candidate.stage,
        {name: score.estimate for name, score in scores.items()},
        {name: score.over(centre[name]) for name, score in scores.items()},
    )
