"""Two processes on one run directory: one trains, the other is told; and evaluations lose none of each other's rows."""

import errno
import fcntl
from pathlib import Path
from threading import Thread

import pytest

from reseen.engine import run as run_module
from reseen.engine.hardware import one_device
from reseen.engine.run import TRAINING_LOCK, create_run
from reseen.engine.train import train_task
from reseen.engine.training_lock import claimed
from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.progress import Silent
from reseen.tasks.reid.recipe import read_recipe, recipe_of
from reseen.tasks.reid.task import Reidentification
from reseen.tasks.reid.train import train
from stopping import Recorder

BRIEF = ["training.epochs=1"]


def test_a_training_that_begins_while_another_reads_its_images_is_refused(market, recipe_file, tmp_path):
    data, out, refused = market(), tmp_path / "run", []

    class TrainsTwice(Reidentification):
        def load_data(self, *arguments, **settings):
            with pytest.raises(ReseenError, match=r"run: in use by process \d+ on .*; wait until it is done") as caught:
                train(recipe_file, data=data, out=out, overrides=["seed=99", *BRIEF], resume=True)
            refused.append(caught.value)
            return Reidentification.load_data(*arguments, **settings)

    trained = train_task(TrainsTwice(), read_recipe(recipe_file, overrides=BRIEF), data=data, out=out)
    assert len(refused) == 1
    assert recipe_of(trained.run).seed == 3
    assert not (out / TRAINING_LOCK).exists()


def test_what_a_killed_training_left_does_not_keep_the_next_one_out(market, recipe_file, tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    (out / TRAINING_LOCK).write_text("process 1 on elsewhere")
    (out / ".last.ckpt.0123abcd.writing").write_bytes(b"half")
    (out / ".scores.json.0123abcd.writing").write_bytes(b"perhaps somebody's who evaluates")
    train(recipe_file, data=market(), out=out, overrides=BRIEF)
    assert [entry.name for entry in out.iterdir() if entry.name.startswith(".")] == [".scores.json.0123abcd.writing"]


def test_a_file_system_without_locks_is_said_and_does_not_stop_a_training(tmp_path, monkeypatch):
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    said, out = Recorder(), tmp_path / "run"
    with claimed(out, fabric=one_device("cpu"), progress=said):
        assert out.is_dir()
    assert said.lines == [f"{out}: its file system has no locks, so nothing keeps a second training out of it"]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "run", tmp_path / ("n" * 300)):
        with (
            pytest.raises(ReseenError, match=r"expected a folder for the run|cannot be made"),
            claimed(out, fabric=one_device("cpu"), progress=Silent()),
        ):
            pass


def test_two_evaluations_at_once_keep_both_rows(recipe_file, tmp_path, monkeypatch):
    run = create_run(tmp_path / "run", read_recipe(recipe_file))
    other = Thread(target=run.save_scores, args=[{"second": {"mAP": 0.2}}])

    def write(path: Path, value: object) -> None:
        if not other.ident:
            other.start()
            other.join(timeout=0.3)
        write_json(path, value)

    monkeypatch.setattr(run_module, "write_json", write)
    run.save_scores({"first": {"mAP": 0.1}})
    other.join()
    assert run.scores().keys() == {"first", "second"}
