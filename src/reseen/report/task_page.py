"""report.html of a task's run: scores, what is drawn of them and how it came about; it needs no network."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from reseen.draw.curves import plot_training
from reseen.draw.encode import png_bytes, write_png
from reseen.engine.run import Run, read_json
from reseen.files import write_text
from reseen.report.pictures import Picture, rows_of


class Table(NamedTuple):
    """A table on the page; the first cell of a row names it."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class TaskPage:
    """What the page shows. ``systems``: the run's score table; all text is escaped."""

    title: str
    summary: str
    systems: Mapping[str, Mapping[str, object]]
    pictures: Sequence[Picture]
    tables: Sequence[Table]
    recipe: str
    environment: Mapping[str, str]
    command: str


def write_page(
    run: Run,
    *,
    task: str,
    columns: Mapping[str, str],
    summary: str,
    pictures: Sequence[Picture],
    tables: Sequence[Table] = (),
) -> None:
    """Write a run's page. ``columns``: score -> heading, of which those are shown that some system has."""
    systems = run.scores()
    shown = {key: words for key, words in columns.items() if any(key in row for row in systems.values())}
    content = TaskPage(
        title=f"reseen {task}: {run.path.resolve().name}",
        summary=summary,
        systems=systems,
        pictures=pictures,
        tables=tables,
        recipe=run.recipe_file.read_text(encoding="utf-8"),
        environment={name: str(value) for name, value in read_json(run.environment_file).items()},
        command=_command(run, task),
    )
    write_text(run.report_file, _render(content, shown))


def training_picture(run: Run, *, score: str, words: str) -> Picture:
    """The run's curves, also written beside the page as ``training.png``; ``words``: what the score is called."""
    figure = plot_training(run.metrics(), score=score, words=words)
    write_png(run.path / "training.png", figure)
    return Picture("Training", f"Mean of each epoch; {words} after the epochs that were scored.", png_bytes(figure))


def best_of(run: Run, score: str) -> str:
    """A sentence of warning where the score flatters: the best epoch was chosen on the same pictures."""
    scored = sum(score in row for row in run.metrics())
    return f" The best of {scored} scored epochs is shown, chosen on the same pictures." if scored > 1 else ""


def _render(content: TaskPage, columns: Mapping[str, str]) -> str:
    pages: Any = Environment(
        loader=PackageLoader("reseen.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text: str = pages.get_template("task.html").render(
        content=content, columns=columns, picture_rows=list(rows_of(content.pictures))
    )
    return text


def _command(run: Run, task: str) -> str:
    words = ["reseen", task, "train", str(run.recipe_file), "--data", str(run.data()["path"])]
    return shlex.join([*words, "--out", f"{run.path}-again"])
