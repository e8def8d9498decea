"""The sections that the page of every run has: its data, its recipe, what it ran on, and the command for it."""

import shlex
from collections.abc import Mapping, Sequence

from reseen.data.summary import SplitSummary, Spread, summarise
from reseen.data.table import Splits
from reseen.engine.run import Run, read_json
from reseen.report.page import Section, Table

_DATA_COLUMNS = (
    "split",
    "images",
    "identities",
    "cameras",
    "views",
    "images per identity",
    "cameras per identity",
)


def data_section(summaries: Sequence[SplitSummary], facts: Mapping[str, str]) -> Section:
    """The splits in numbers, and ``facts`` about them under the table."""
    rows = [
        (
            split.name,
            f"{split.images:,}",
            f"{split.identities:,}",
            str(split.cameras or "unknown"),
            str(split.views or "unknown"),
            _spread(split.images_per_identity),
            _spread(split.cameras_per_identity),
        )
        for split in summaries
    ]
    tables = [Table("Data", _DATA_COLUMNS, rows)] if rows else []
    return Section("Data", tables, notes=[f"{name}: {value}" for name, value in facts.items()])


def data_of(run: Run, splits: Splits) -> Section:
    """`data_section` of a run's own data."""
    tables = (("train", splits.train), ("query", splits.query), ("gallery", splits.gallery))
    facts = run.data()
    return data_section(
        [summarise(name, table) for name, table in tables],
        {
            "folder": f"{splits.root} ({splits.layout} layout)",
            "fingerprint": str(facts.get("fingerprint", "unknown")),
            "unreadable images left out": str(facts.get("skipped_unreadable", "unknown")),
        },
    )


def recipe_section(text: str) -> Section:
    """A recipe as TOML text, which a reader can fold away."""
    return Section("Recipe", code=[text] if text else [], fold="recipe.toml, every default written out")


def environment_section(facts: Mapping[str, str]) -> Section:
    """What a run ran on, name -> value."""
    return Section("Environment", [Table("Environment", (), list(facts.items()), kind="facts")] if facts else [])


def command_section(commands: Sequence[str]) -> Section:
    """The command that trains each run again."""
    return Section("Make it again", code=commands)


def recipe_text(run: Run) -> str:
    """The run's recipe as TOML."""
    return run.recipe_file.read_text(encoding="utf-8")


def environment_of(run: Run) -> dict[str, str]:
    """What the run ran on, name -> value."""
    return {name: str(value) for name, value in read_json(run.environment_file).items()}


def command_of(run: Run, *task: str) -> str:
    """The command that trains the run again, in a folder beside it; ``task`` is the task's own command, if any."""
    data = str(run.data()["path"])
    return shlex.join(["reseen", *task, "train", str(run.recipe_file), "--data", data, "--out", f"{run.path}-again"])


def best_epoch(run: Run, score: str, *, chosen_on: str = "images") -> str:
    """A warning where the score flatters, with a space before it: the best of several epochs is shown."""
    scored = sum(score in row for row in run.metrics())
    return f" The best of {scored} scored epochs is shown, chosen on the same {chosen_on}." if scored > 1 else ""


def _spread(counts: Spread | None) -> str:
    if counts is None:
        return "unknown"
    several = f" to {counts.largest}, median {counts.median:g}" if counts.largest > counts.least else ""
    return f"{counts.least}{several}"
