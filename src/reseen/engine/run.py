"""The run directory: where each file of a run is.

```
RUN/
  recipe.toml        as run, every default written out; its format is the whole directory's
  environment.json   versions, hardware, git commit
  data.json          where the data were, their fingerprint and counts
  metrics.jsonl      one line an epoch
  texts.safetensors  what a first stage learned, where the recipe has one; texts.ckpt and texts.images.safetensors
                     are there while it goes on
  last.ckpt          everything a resumed run needs (a weights_only torch file)
  best.safetensors   the weights that scored best, with how to build their model; the chosen network's after a choice
  trained.safetensors  the training's own best weights, where a network was chosen among candidates
  choice.json        the candidates with their scores on held-out identities, and which of them was chosen
  embeddings/        query.parquet, gallery.parquet
  scores.json        histogram, untrained, trained; and rows named by what differed from the recipe
  calibration.json   thresholds and the errors made at them, once `reseen calibrate` has been run
  untrained.safetensors  the network before training with a fitted head, where a classifier was chosen among candidates
  report.html        the page to look at
  pictures/          the drawings on it
  explain/           maps of `reseen explain`
```
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reseen.errors import ReseenError
from reseen.file_lock import file_lock
from reseen.files import UNFINISHED, write_json, write_text
from reseen.recipe.files import read_lines
from reseen.recipe.training import TrainingRecipe, recipe_text

_PATIENCE = 30.0
TRAINING_LOCK = ".training.lock"
"""The file that stands in a run directory while a training writes into it."""
IN_USE = "wait until it is done, or choose another folder"


@dataclass(frozen=True)
class Run:
    """An existing run directory."""

    path: Path

    @property
    def recipe_file(self) -> Path:
        """The recipe as run."""
        return self.path / "recipe.toml"

    @property
    def environment_file(self) -> Path:
        """Versions, hardware, git commit."""
        return self.path / "environment.json"

    @property
    def data_file(self) -> Path:
        """Where the data were, their fingerprint and counts."""
        return self.path / "data.json"

    @property
    def metrics_file(self) -> Path:
        """One JSON line an epoch."""
        return self.path / "metrics.jsonl"

    @property
    def last_checkpoint(self) -> Path:
        """The checkpoint to resume from."""
        return self.path / "last.ckpt"

    @property
    def texts_file(self) -> Path:
        """The texts of the training identities, which a first stage learned."""
        return self.path / "texts.safetensors"

    @property
    def texts_checkpoint(self) -> Path:
        """What a stopped first stage goes on with; removed once it is done."""
        return self.path / "texts.ckpt"

    @property
    def text_vectors(self) -> Path:
        """The training images as a first stage sees them; removed once it is done."""
        return self.path / "texts.images.safetensors"

    @property
    def best_weights(self) -> Path:
        """The best weights, with their card."""
        return self.path / "best.safetensors"

    @property
    def trained_weights(self) -> Path:
        """The training's own best weights, where ``best_weights`` are those of a chosen network."""
        return self.path / "trained.safetensors"

    @property
    def choice_file(self) -> Path:
        """The candidates with their scores on held-out identities, and which of them was chosen."""
        return self.path / "choice.json"

    @property
    def embeddings(self) -> Path:
        """The folder of query.parquet and gallery.parquet."""
        return self.path / "embeddings"

    @property
    def scores_file(self) -> Path:
        """The score table."""
        return self.path / "scores.json"

    @property
    def calibration_file(self) -> Path:
        """Thresholds for verification and for search."""
        return self.path / "calibration.json"

    @property
    def report_file(self) -> Path:
        """The page to look at."""
        return self.path / "report.html"

    @property
    def images(self) -> Path:
        """The folder of the page's drawings."""
        return self.path / "pictures"

    @property
    def explanations(self) -> Path:
        """The folder of maps that the page shows."""
        return self.path / "explain"

    @property
    def untrained_weights(self) -> Path:
        """The classifier before training with a fitted head, where ``best_weights`` are those of a chosen network."""
        return self.path / "untrained.safetensors"

    def data_path(self, other: Path | str | None = None) -> Path:
        """The data that the run was trained on, unless an ``other`` place is given."""
        return Path(str(self.data()["path"]) if other is None else other)

    def data(self) -> dict[str, object]:
        """The facts of the data."""
        return read_json(self.data_file)

    def unreadable(self) -> dict[str, str]:
        """The images that training left out because they do not decode: path below the data's folder -> reason."""
        facts = self.data() if self.data_file.exists() else {}
        return facts.get("unreadable", {})  # type: ignore[return-value]

    def metrics(self) -> list[dict[str, object]]:
        """The finished epochs, in order. ReseenError for a damaged line, which reseen itself never writes."""
        if not self.metrics_file.exists():
            return []
        lines = self.metrics_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return [self._metrics_row(number, line) for number, line in enumerate(lines, start=1)]

    def epochs_done(self) -> int:
        """The epochs that the run was trained for, which are fewer than its recipe's where it stopped early."""
        rows = self.metrics()
        return int(str(rows[-1]["epoch"])) if rows else 0

    def _metrics_row(self, number: int, line: str) -> dict[str, object]:
        try:
            row: dict[str, object] = json.loads(line)
        except ValueError:
            raise ReseenError(
                f"{self.metrics_file}: line {number} is cut or damaged; put a good copy back, or delete the line, and "
                "only that epoch's numbers are lost"
            ) from None
        return row

    def save_metrics(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Write all epochs anew, so that no line is ever cut and a resumed run counts no epoch twice."""
        write_text(self.metrics_file, "".join(json.dumps(row) + "\n" for row in rows))

    def scores(self) -> dict[str, dict[str, object]]:
        """The score table by system; empty before any evaluation."""
        return read_json(self.scores_file) if self.scores_file.exists() else {}  # type: ignore[return-value]

    def save_scores(self, scores: Mapping[str, Mapping[str, object]]) -> None:
        """Add or replace rows of the score table; evaluations at the same time wait for each other here."""
        with file_lock(self.path / ".scores.lock", patience=_PATIENCE, advice=IN_USE):
            write_json(self.scores_file, {**self.scores(), **scores})


def check_new(path: Path) -> None:
    """Raise ReseenError unless a new run may be written at ``path``: nothing there, or an empty folder."""
    if path.exists() and not path.is_dir():
        raise ReseenError(f"{path}: expected a folder for the run, got a file")
    if (path / "recipe.toml").exists():
        raise ReseenError(f"{path}: a run is there already; continue it with --resume, or choose another --out")
    if path.exists() and any(not _ours(entry.name) for entry in path.iterdir()):
        raise ReseenError(f"{path}: the folder exists, is not empty and is not a run; choose another --out")


def _ours(name: str) -> bool:
    """Whether a training that was refused or killed at once may have left this file."""
    return name == TRAINING_LOCK or name.endswith(UNFINISHED)


def create_run(path: Path, recipe: TrainingRecipe) -> Run:
    """Create a run directory with its recipe. ReseenError for a folder that is not empty."""
    check_new(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReseenError(f"{path}: the run's folder cannot be made: {error.strerror}") from None
    run = Run(path)
    write_text(run.recipe_file, recipe_text(recipe))
    return run


def open_run(run: Run | Path | str) -> Run:
    """Open an existing run directory; a `Run` is returned as it is.

    Raises:
        ReseenError: There is no run, or a newer reseen wrote it.
    """
    if isinstance(run, Run):
        return run
    path = Path(run)
    if not path.is_dir():
        raise ReseenError(f"{path}: no such run; expected a folder that `reseen train` wrote")
    if not (path / "recipe.toml").exists():
        raise ReseenError(f"{path}: not a run: it has no recipe.toml")
    read_lines(path / "recipe.toml")
    return Run(path)


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object from a file that reseen wrote."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReseenError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ReseenError(f"{path}: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ReseenError(f"{path}: expected a JSON object, got {value!r:.60}")
    return value
