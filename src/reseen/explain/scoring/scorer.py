"""Scores the maps of a question: measures each on the same images, and resamples their identities."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reseen.errors import ReseenError
from reseen.explain.maps import branch_vectors, similarity_shares
from reseen.explain.run_model import RunModel
from reseen.explain.scoring.bootstrap import Numbers, Resampled, resampled
from reseen.explain.scoring.candidates import CENTRE, MapCandidate, Question
from reseen.explain.scoring.cases import Case
from reseen.explain.scoring.measures import CurveEnds, Similarity, areas, curve_ends, energy_on, enlarged, points_at
from reseen.explain.scoring.scores import SCORES, TWIN, ScoredMap, ScoredQuestion
from reseen.progress import Bar
from reseen.tasks.reid.scoring import Evaluated

BATCH = 16
"""Images in one batch."""


@dataclass(frozen=True, eq=False)
class Scorer:
    """Scores maps of a run's model by ``marks``, masks (Q, H, W) of its queries; pointing hits within ``tolerance``."""

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
