from pathlib import Path

import pytest

from reseen.errors import ReseenError
from reseen.recipe.files import shipped_recipes
from reseen.recipe.training import read_as, recipe_text, task_of
from reseen.tasks.ablate import ABLATIONS
from reseen.tasks.classify.recipe import ClassifyRecipe
from reseen.tasks.reid.recipe import read_recipe


def test_the_recipe_as_run_reads_back_the_same(recipe_file, tmp_path):
    recipe = read_recipe(recipe_file)
    again = tmp_path / "again.toml"
    again.write_text(recipe_text(recipe))
    assert read_recipe(again) == recipe


def test_defaults_are_written_out(recipe_file):
    text = recipe_text(read_recipe(recipe_file))
    assert 'epoch_is = "pass"' in text
    assert "probability = 0.5" in text, "the default of flip, which the file leaves open"
    assert "normalize = false" in text, "the default of triplet"


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_shipped_recipe_is_valid_by_name(name):
    schema = ABLATIONS[task_of(name)].task.recipe_type
    assert isinstance(read_as(schema, name), schema)


def test_a_recipe_of_another_task_says_which_command_takes_it(recipe_file):
    with pytest.raises(ReseenError, match=r"task: expected 'reid', got 'classify', which `reseen classify train` is"):
        read_recipe("classify-bodytype-baseline")
    with pytest.raises(ReseenError, match=r"expected 'classify', got 'reid', which `reseen train` is for"):
        read_as(ClassifyRecipe, recipe_file)


def test_a_folder_of_a_shipped_recipes_name_does_not_hide_it(tmp_path, monkeypatch):
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_recipe("demo").model.backbone == "tf_efficientnet_lite0"


def test_an_unknown_recipe_name_names_the_nearest():
    with pytest.raises(ReseenError, match="no recipe 'demoo'; did you mean 'demo'"):
        read_recipe("demoo")


BAD = {
    "model.poling=gem": r"tiny\.toml: model: no setting 'poling'; did you mean 'pooling'\?",
    "modle.pooling=gem": r"tiny\.toml: no setting 'modle'; did you mean 'model'\?",
    "model.pooling=gme": r"model\.pooling: no pooling 'gme'; did you mean 'gem'\?",
    "losses.tripelt={}": r"losses: no loss 'tripelt'; did you mean 'triplet'\?",
    "losses.triplet.margn=1": r"losses: triplet: no setting 'margn'; did you mean 'margin'\?",
    "losses.triplet.margin=wide": r"losses: triplet: margin: .*number, got 'wide'",
    "losses.triplet.weight=-1": r"losses: triplet: weight: expected a number above 0, got -1",
    "losses={}": r"losses: expected at least one loss",
    "transforms.flip.probability=1.5": r"transforms: flip: probability: .*less than or equal to 1, got 1\.5",
    "transforms.flop={}": r"transforms: no transform 'flop'; did you mean 'flip'\?",
    "optimizer.name=adma": r"optimizer: no optimizer 'adma'; did you mean 'adam'\?",
    "optimizer.learning_rate=-1": r"optimizer: adam: learning_rate: .*greater than 0, got -1",
    "optimizer={name='sgd'}": r"optimizer: sgd: learning_rate: this setting is required",
    "schedule={name='cosine', milestones=[3]}": r"schedule: cosine: no setting 'milestones'",
    "training.epochs=0": r"training\.epochs: .*greater than or equal to 1, got 0",
    "training.epochs=two": r"training\.epochs: .*integer, got 'two'",
    "training.warmup={epochs=5.0}": r"training\.warmup\.epochs is 5, longer than the run's 2 epochs",
    "training.warmup={epochs=1.5, begin=1}": r"is 1\.5 after training\.warmup\.begin = 1, longer than the run's 2",
    "training.warmup={epochs=1.0, start=0.0}": r"training\.warmup\.start: .*greater than 0, got 0",
    "data.image_size=[32]": r"data\.image_size",
    "data.image_size=[8, 8]": r"data\.image_size\.0: .*greater than or equal to 32, got 8",
    "data.layout=market": r"data\.layout: no layout 'market'; did you mean 'market1501'\?",
    "data.unreadable=ignore": r"data\.unreadable: .*'stop' or 'skip', got 'ignore'",
    "sampler.images=1": r"losses: triplet needs sampler\.images of at least 2, got 1",
    "sampler.identities=1": r"losses: triplet needs sampler\.identities of at least 2, got 1",
    "hardware.precision=fp8": r"hardware\.precision: .*got 'fp8'",
    "evaluation.protocol=markt1501": r"evaluation\.protocol: no protocol 'markt1501'; did you mean 'market1501'\?",
    "seed=-1": r"seed: .*greater than or equal to 0, got -1",
    "seed=true": r"seed: .*integer, got True",
}


@pytest.mark.parametrize(("override", "message"), BAD.items())
def test_a_bad_setting_is_one_line_that_says_where(recipe_file, override, message):
    with pytest.raises(ReseenError, match=message) as caught:
        read_recipe(recipe_file, overrides=[override])
    assert "\n" not in str(caught.value)


def test_many_faults_are_still_one_line(recipe_file):
    overrides = ["model.a=1", "model.b=1", "model.c=1", "model.d=1"]
    with pytest.raises(ReseenError, match=r"\(and 1 more\)"):
        read_recipe(recipe_file, overrides=overrides)


@pytest.mark.parametrize(("content", "message"), [(b"seed = = 1", "not TOML"), (b"\xff\xfe", "not TOML")])
def test_a_recipe_that_is_no_toml_is_one_line(tmp_path, content, message):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ReseenError, match=message):
        read_recipe(path)


def test_a_folder_is_no_recipe(tmp_path: Path):
    with pytest.raises(ReseenError, match="cannot read the recipe"):
        read_recipe(tmp_path)


ATTENTION = {
    "model.attention={stage1={name='rga_sd'}}": r"model\.attention: stage1: .*no attention 'rga_sd'; did you mean 'rga",
    "model.attention={stag1={name='rga_sc'}}": r"model\.attention: no stage 'stag1'; did you mean 'stage1'",
    "model.attention={stage1={name='rga_sc', reducton=4}}": r"stage1: rga_sc: no setting 'reducton'; did you mean",
    "model.attention={stage1={name='rga_sc', reduction=0}}": r"stage1: rga_sc: reduction: .*greater than or equal to 1",
    "model.attention={stage1={reduction=4}}": r"stage1: expected name = one of",
}


@pytest.mark.parametrize(("override", "message"), ATTENTION.items())
def test_a_bad_attention_line_is_one_line_that_says_where(recipe_file, override, message):
    with pytest.raises(ReseenError, match=message):
        read_recipe(recipe_file, overrides=[override])
