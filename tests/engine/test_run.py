"""A run directory is opened from its path, as text or not, or from itself; its data are where it says, or elsewhere."""

import json
from pathlib import Path

import pytest

from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "recipe.toml").write_text("")
    (tmp_path / "data.json").write_text(json.dumps({"path": "/data/market"}))
    return Run(tmp_path)


def test_a_run_opens_from_its_path_from_text_and_from_itself(run: Run) -> None:
    assert open_run(run.path) == open_run(str(run.path)) == run
    assert open_run(run) is run


def test_a_folder_without_a_recipe_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="not a run: it has no recipe"):
        open_run(tmp_path)


def test_the_data_of_a_run_are_where_it_was_trained_or_where_they_are_said_to_be(run: Run) -> None:
    assert run.data_path() == Path("/data/market")
    assert run.data_path("elsewhere") == run.data_path(Path("elsewhere")) == Path("elsewhere")
