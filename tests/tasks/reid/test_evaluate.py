"""Evaluating a run, weights and files: the same scores by each way, and a run keeps only what is its own."""

import numpy as np
import pytest

from kept_runs import keep_run
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.metrics import Embedded, KReciprocal, custom_protocol
from reseen.metrics import evaluate as score
from reseen.tasks.reid.evaluate import evaluate
from reseen.tasks.reid.postprocess import Expansion
from reseen.tasks.reid.train import train
from stopping import Recorder


@pytest.fixture
def trained(market, recipe_file, tmp_path) -> Run:
    return train(recipe_file, data=market("own"), out=tmp_path / "run", overrides=["training.epochs=1"]).run


@pytest.fixture
def files(tmp_path, recipe_file):
    folder = keep_run(tmp_path / "kept", recipe_file, noise=1.2).embeddings
    return folder / "query.parquet", folder / "gallery.parquet"


def bytes_of(run: Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.embeddings.iterdir()}


def test_a_run_its_weights_and_its_embeddings_score_alike(trained, market) -> None:
    of_run = evaluate(trained)
    of_files = evaluate(trained.embeddings / "query.parquet", trained.embeddings / "gallery.parquet")
    of_weights = evaluate(trained.best_weights, data=market("own"))
    assert of_run.name == "trained"
    assert of_run.report.as_dict() == of_files.report.as_dict() == of_weights.report.as_dict()
    assert trained.scores()["trained"]["mAP"] == of_run.report.mean_average_precision
    assert trained.scores()["trained"]["settings"] == of_run.report.settings
    assert of_weights.splits.root == of_run.splits.root
    with pytest.warns(DeprecationWarning, match=r"Evaluated\.row is now name"):
        assert of_run.row == "trained"
    with pytest.raises(ValueError, match="two files of embeddings"):
        of_files.splits  # noqa: B018


def test_other_data_leave_a_runs_embeddings_and_scores_alone(trained, market, tmp_path) -> None:
    evaluate(trained)
    kept, scores = bytes_of(trained), trained.scores()
    other = market("other", test=5)
    result = evaluate(trained, data=other)
    assert result.name == f"trained, data {other}"
    assert (len(result.query), len(result.splits.query)) == (5, 5)
    assert bytes_of(trained) == kept
    assert trained.scores() == {**scores, result.name: trained.scores()[result.name]}
    (tmp_path / "own").rename(tmp_path / "moved")
    assert evaluate(trained, data=tmp_path / "moved").name == "trained", "the same images elsewhere are its own"


def test_what_differs_from_the_recipe_stands_in_a_row_of_its_own(trained) -> None:
    evaluate(trained)
    kept, plain = bytes_of(trained), trained.scores()["trained"]
    result = evaluate(trained, protocol="wildlife", average_precision="trapezoid", flip=True, rerank=KReciprocal(4, 2))
    assert result.name == (
        "trained, protocol wildlife, trapezoid average precision, flip test, k-reciprocal (k1=4, k2=2, weight=0.3)"
    )
    assert result.report.settings.startswith("wildlife")
    assert "mean of each image and its mirror image" in result.report.settings
    assert (bytes_of(trained), trained.scores()["trained"]) == (kept, plain)
    assert abs(result.query.vectors - Embedded.load(trained.embeddings / "query.parquet").vectors).max() > 1e-4


def test_files_are_scored_as_metrics_do_and_the_memory_is_said_first(files) -> None:
    query, gallery = (Embedded.load(path) for path in files)
    rules, recorder = custom_protocol(drop_same_camera=False, junk=["0003"], depth=5), Recorder()
    found = evaluate(*files, protocol=rules, rerank=KReciprocal(6, 3), progress=recorder).report
    expected = score(query, gallery, protocol=rules, rerank=KReciprocal(6, 3))
    assert found.as_dict() == expected.as_dict()
    assert recorder.lines[0].startswith("evaluation: about ")
    assert "of memory above the vectors (1 MB)" in recorder.lines[0]
    assert evaluate(*files).report.protocol == "market1501"


def test_files_without_cameras_are_scored_without(files, tmp_path) -> None:
    paths = [tmp_path / path.name for path in files]
    for path, plain in zip(files, paths, strict=True):
        known = Embedded.load(path)
        Embedded(known.vectors, known.identities).save(plain)
    assert evaluate(*paths).report.protocol == "wildlife"
    with pytest.raises(ReseenError, match=r"'market1501' needs cameras.* a protocol without cameras is 'wildlife'"):
        evaluate(*paths, protocol="market1501")
    with pytest.raises(ReseenError, match="camera bias: no camera is known in the query"):
        evaluate(*paths, camera_bias=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"protocol": "market"}, "no protocol 'market'; did you mean 'market1501'"),
        ({"average_precision": "round"}, "no average precision 'round'; known: old-sklearn"),
        ({"rerank": KReciprocal(k1=25)}, r"k1: expected at most the gallery's 24 images, got 25"),
        ({"expand": Expansion(25)}, "top: expected 1 to 24, .* got 25"),
        ({"expand_gallery": Expansion(24)}, "top: expected 1 to 23, .* got 24"),
        ({"expand": Expansion(3), "protocol": "vehicleid"}, "'vehicleid' draws a gallery for each trial"),
        ({"rerank": KReciprocal(k1=6), "protocol": "cuhk03_classic"}, "no one gallery could be re-ranked"),
        ({"protocol": "veri776_track"}, "'veri776_track' needs tracks, and the gallery has none"),
        ({"flip": True}, "--flip says how images are embedded"),
        ({"device": "cuda"}, "device 'cuda': torch finds no GPU here"),
        ({"data": "pictures"}, "two files of embeddings need none"),
    ],
)
def test_an_evaluation_that_cannot_be_done_is_one_line(files, options, message) -> None:
    if options == {"device": "cuda"} and __import__("torch").cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ReseenError, match=message):
        evaluate(*files, **options)


def test_a_source_that_is_none_says_what_it_should_be(files, tmp_path, trained) -> None:
    query, gallery = files
    text = tmp_path / "notes.txt"
    text.write_text("")
    narrow = tmp_path / "narrow.parquet"
    known = Embedded.load(gallery)
    Embedded(known.vectors[:, :3], known.identities).save(narrow)
    for words, message in (
        ((query,), "one file of embeddings alone; expected two"),
        ((trained.best_weights,), "weights alone have no images; say with --data"),
        ((text,), "expected a run's folder, weights .* got a file .txt"),
        ((tmp_path / "none",), "no such run"),
        ((trained.path, trained.path), "`reseen compare` takes two"),
        ((query, text), r"notes.txt: expected a file of embeddings \(.parquet\)"),
        ((query, tmp_path / "no.parquet"), "no.parquet: no such file"),
        ((query, narrow), "has vectors of 6 numbers, .*narrow.parquet of 3"),
    ):
        with pytest.raises(ReseenError, match=message):
            evaluate(*words)


def test_broken_vectors_are_named_by_file_and_row(files, tmp_path) -> None:
    import polars as pl

    frame = pl.read_parquet(files[0])
    vectors = frame["vector"].to_numpy().copy()
    vectors[5, 0] = np.nan
    broken = tmp_path / "broken.parquet"
    frame.with_columns(vector=vectors).write_parquet(broken)
    with pytest.raises(ReseenError, match=r"broken.parquet: 1 of 24 vectors are not finite .* first at row 5"):
        evaluate(broken, files[1])


def test_nothing_is_embedded_where_the_labels_already_refuse(trained, monkeypatch) -> None:
    monkeypatch.setattr("reseen.tasks.reid.scoring.embed_query_gallery", lambda *_, **__: pytest.fail("embedded"))
    with pytest.raises(ReseenError, match="k1: expected at most the gallery's 9 images, got 20"):
        evaluate(trained, rerank=KReciprocal())
