"""Scores of explanations on data whose distinguishing marks are known pixel by pixel.

There are two questions about each query: what makes it similar to its best match ("match"), and what makes it more
similar to that match than to its twin's best image ("twin").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reseen.data.twins import known_twins
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.explain.maps import branch_vectors, similarity_shares
from reseen.explain.run_model import RunModel, load_run_model
from reseen.explain.scoring.bootstrap import Numbers, Resampled, resampled
from reseen.explain.scoring.candidates import CENTRE, MapCandidate, Question, candidates
from reseen.explain.scoring.cases import Case, find_cases
from reseen.explain.scoring.marks import mark_files, marks_of
from reseen.explain.scoring.measures import (
    TOLERANCE,
    CurveEnds,
    Similarity,
    areas,
    curve_ends,
    energy_on,
    enlarged,
    points_at,
)
from reseen.metrics import Estimate
from reseen.progress import Bar, Progress, Silent
from reseen.tasks.reid.evaluate import splits_of
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from reseen.tasks.reid.scoring import Evaluated, score_model

PAIRS = 40
BATCH = 16
"""Images in one batch."""
MATCH, TWIN = "match", "twin"
SCORES = ("energy", "pointing", "deletion", "insertion", "faithfulness")
"""Energy on the marks over the marks' share of the image (1: a map that is the same everywhere); share of maps that
point at a mark; mean similarity while the image is blurred away, and while it comes back; the latter minus the former.
"""


@dataclass(frozen=True)
class ScoredMap:
    """``scores`` by the names in ``SCORES``, and the difference of each to the centre prior's."""

    method: str
    stage: str
    scores: Mapping[str, Estimate]
    over_centre: Mapping[str, Estimate]


@dataclass(frozen=True)
class ScoredQuestion:
    """The maps of one question; ``marks_area``: the share of the ``images`` that the marks cover."""

    name: str
    images: int
    identities: int
    marks_area: float
    maps: Sequence[ScoredMap]


@dataclass(frozen=True)
class ScoredExplanations:
    """The scores, with the run, its model, the data, and the distance in pixels at which pointing still hits."""

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
    """Score the maps of a run's model by masks: every method at every stage, and every attention.

    A centre prior and a random map, which ignore the image, are scored beside them.

    Args:
        run: A run directory.
        data: A set of `reseen synth --masks`.
        pairs: How many queries to explain, spread over identities.
        method: Score this method only.
        progress: Where to show progress; silent if left out.

    Returns:
        The scores of each map, with 95 % intervals, for each question.

    Raises:
        ReseenError: Data without masks, an unknown method, or fewer than two identities with visible marks.

    Example:
        ```python
        # not run: needs a trained run and a set with masks
        scored = reseen.score_explanations("runs/rga", "vehicles-with-masks")
        print(reseen.explain.score_page(scored))
        ```
    """
    run = run if isinstance(run, Run) else open_run(Path(run))
    progress, run_model = progress or Silent(), load_run_model(run)
    splits = splits_of(run, data)
    files, root = mark_files(splits.root), splits.root
    result = _evaluated(run, run_model, data, progress=progress)
    size = run_model.recipe.data.image_size
    marks = marks_of(files, result.splits.query.paths, size=size)
    visible = marks.any(dim=(1, 2)).nonzero()[:, 0].tolist()
    cases = find_cases(result, visible, count=pairs, twins=known_twins(root))
    tolerance = round(min(size) * TOLERANCE)
    questions = {MATCH: cases, TWIN: [case for case in cases if case.twin is not None]}
    scorer = _Scorer(run_model, result, marks, tolerance)
    compared = candidates(run_model.model, run_model.inputs(result.splits.query, [0]), method=method)
    with progress.bar("score maps", total=len(compared) * sum(map(len, questions.values()))) as bar:
        scored = [
            scorer.question(name, of_question, compared, bar=bar)
            for name, of_question in questions.items()
            if name == MATCH or of_question
        ]
    recipe = run_model.recipe.model
    return ScoredExplanations(run.path, recipe.name or recipe.backbone, root, tolerance, scored)


def _evaluated(run: Run, run_model: RunModel, data: Path | str, *, progress: Progress) -> Evaluated:
    if Path(str(run.data()["path"])).resolve() == Path(data).resolve():
        return saved_evaluation(run, progress=progress)
    progress.say(f"{data}: not the data of the run, embedded now")
    return score_model(
        run_model.model,
        splits_of(run, data),
        run_model.recipe,
        fabric=run_model.fabric,
        progress=progress,
        name="trained",
    )


@dataclass(frozen=True, eq=False)
class _Scorer:
    run_model: RunModel
    result: Evaluated
    marks: Tensor
    tolerance: int

    def question(
        self, name: str, cases: Sequence[Case], compared: Sequence[MapCandidate], *, bar: Bar
    ) -> ScoredQuestion:
        """The scores of all candidates on the same images."""
        rows = [case.query for case in cases]
        identities = [str(self.result.query.identities[row]) for row in rows]
        if len(set(identities)) < 2:
            raise ReseenError(
                f"scores need queries of at least 2 identities with visible marks, got {len(set(identities))}"
            )
        area = self.marks[rows].float().mean(dim=(1, 2)).numpy().astype(np.float64)
        parts: list[list[Mapping[str, Tensor]]] = [[] for _ in compared]
        for question, marks in self._batches(cases, twin=name == TWIN):
            ends = curve_ends(question.inputs.images, self._similarity(question))
            for found, candidate in zip(parts, compared, strict=True):
                found.append(self._measure(candidate, question, marks=marks, ends=ends))
                bar.advance(len(marks), note=f"{candidate.method} {candidate.stage}")
        scores = [_scores(_joined(found), area, identities) for found in parts]
        centre = scores[[candidate.method for candidate in compared].index(CENTRE)]
        maps = [_scored(*pair, centre=centre) for pair in zip(compared, scores, strict=True)]
        return ScoredQuestion(name, len(rows), len(set(identities)), float(area.mean()), maps)

    def _batches(self, cases: Sequence[Case], *, twin: bool) -> Iterator[tuple[Question, Tensor]]:
        splits, model = self.result.splits, self.run_model.model
        for start in range(0, len(cases), BATCH):
            batch = cases[start : start + BATCH]
            rows = [case.query for case in batch]
            toward = branch_vectors(model, self.run_model.inputs(splits.gallery, [case.match for case in batch]))
            twins = [case.twin for case in batch if twin and case.twin is not None]
            away = branch_vectors(model, self.run_model.inputs(splits.gallery, twins)) if twins else None
            question = Question(self.run_model.inputs(splits.query, rows), toward, away)
            yield question, self.marks[rows].to(question.inputs.images.device)

    def _similarity(self, question: Question) -> Similarity:
        def similarity(changed: Tensor) -> Tensor:
            vectors = branch_vectors(self.run_model.model, question.inputs._replace(images=changed))
            whole = similarity_shares(vectors, question.toward).sum(dim=1)
            return whole if question.away is None else whole - similarity_shares(vectors, question.away).sum(dim=1)

        return similarity

    def _measure(
        self, candidate: MapCandidate, question: Question, *, marks: Tensor, ends: CurveEnds
    ) -> Mapping[str, Tensor]:
        images = question.inputs.images
        drawn = candidate.draw(self.run_model.model, question)
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


def _scores(values: Mapping[str, Numbers], area: Numbers, identities: Sequence[str]) -> Mapping[str, Resampled]:
    return {
        name: resampled(of_score, identities, per=area if name == "energy" else None)
        for name, of_score in values.items()
    }


def _scored(candidate: MapCandidate, scores: Mapping[str, Resampled], *, centre: Mapping[str, Resampled]) -> ScoredMap:
    return ScoredMap(
        candidate.method,
        candidate.stage,
        {name: score.estimate for name, score in scores.items()},
        {name: score.over(centre[name]) for name, score in scores.items()},
    )
