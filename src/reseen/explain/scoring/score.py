"""Scores of explanations on data whose distinguishing marks are known pixel by pixel.

There are two questions about each query: what makes it similar to its best match ("match"), and what makes it more
similar to that match than to its twin's best image ("twin").
"""

from pathlib import Path

from reseen.data.twins import known_twins
from reseen.engine.run import Run, open_run
from reseen.explain.run_model import RunModel, load_run_model
from reseen.explain.scoring.candidates import candidates
from reseen.explain.scoring.cases import find_cases
from reseen.explain.scoring.marks import mark_files, marks_of
from reseen.explain.scoring.measures import TOLERANCE
from reseen.explain.scoring.scorer import Scorer
from reseen.explain.scoring.scores import MATCH, TWIN, ScoredExplanations
from reseen.progress import Progress, Silent
from reseen.tasks.reid.evaluate import splits_of
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from reseen.tasks.reid.scoring import Evaluated, score_model

PAIRS = 40


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
    scorer = Scorer(run_model, result, marks, tolerance)
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
