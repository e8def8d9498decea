"""Recipes that extend others: what is added, what is replaced, what is refused."""

from pathlib import Path

import pytest

from reseen.errors import ReseenError
from reseen.recipe.files import read_lines
from reseen.tasks.reid.recipe import read_recipe


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_tables_are_added_to_and_everything_else_is_replaced(tmp_path):
    write(tmp_path / "base.toml", 'seed = 1\n[a]\nlist = [1, 2]\nkept = "yes"\n[a.b]\nx = 1\n')
    path = write(tmp_path / "own.toml", 'extends = "base.toml"\n[a]\nlist = [3]\n[a.b]\ny = 2\n')
    assert read_lines(path) == {"seed": 1, "a": {"list": [3], "kept": "yes", "b": {"x": 1, "y": 2}}}


def test_the_result_is_a_recipe_checked_as_a_whole(recipe_file, tmp_path):
    base = read_recipe(recipe_file)
    own = write(tmp_path / "own.toml", f'extends = "{recipe_file.name}"\n[training]\nepochs = 7\n')
    recipe = read_recipe(own)
    assert recipe.training.epochs == 7
    assert recipe.model_copy(update={"training": base.training}) == base
    write(own, f'extends = "{recipe_file.name}"\n[training]\nepoks = 7\n')
    with pytest.raises(ReseenError, match=r"own\.toml: training: no setting 'epoks'; did you mean 'epochs'"):
        read_recipe(own)


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ('"demoo"', r"own\.toml: extends: no recipe 'demoo'; did you mean 'demo'"),
        ('["demo"]', "expected the name of one recipe, got"),
        ('"own.toml"', r"extends itself: own\.toml -> own\.toml"),
        ('"absent.toml"', r"absent\.toml: cannot read the recipe"),
    ],
)
def test_what_cannot_be_extended_is_one_line(tmp_path, extends, message):
    with pytest.raises(ReseenError, match=message) as caught:
        read_recipe(write(tmp_path / "own.toml", f"extends = {extends}\n"))
    assert "\n" not in str(caught.value)


def test_a_circle_is_refused(tmp_path):
    write(tmp_path / "one.toml", 'extends = "two.toml"\n')
    write(tmp_path / "two.toml", 'extends = "one.toml"\n')
    with pytest.raises(ReseenError, match=r"extends itself: one\.toml -> two\.toml -> one\.toml"):
        read_recipe(tmp_path / "one.toml")


DATA = ("cuhk03-labelled", "cuhk03-detected", "market1501", "msmt17")


@pytest.mark.parametrize("half", ["s", "c", "sc"])
@pytest.mark.parametrize("data", DATA)
def test_the_rga_recipes_differ_in_nothing_but_the_model(half, data):
    recipe, published = read_recipe(f"rga-{half}-{data}"), read_recipe("rga-sc-cuhk03-labelled")
    assert recipe.model.attention == {
        "every_stage": {"name": f"rga_{half}", "reduction": 8, "gate_reduction": 8, "start": "random"},
    }
    assert recipe.model_copy(update={"model": published.model}) == published


def test_the_rga_schedule_is_the_released_one():
    recipe = read_recipe("rga-sc-cuhk03-labelled")
    assert recipe.optimizer == {"name": "adam", "learning_rate": 8e-4, "weight_decay": 5e-4}
    assert recipe.training.warmup.start * 8e-4 == pytest.approx(8e-6)
    assert recipe.schedule["milestones"] == list(range(80, 361, 40))
    assert (recipe.sampler.identities * recipe.sampler.images, recipe.training.epochs) == (64, 600)


def test_rga_sees_images_as_its_release_shows_them():
    """Normalised with ImageNet's mean and std, resized once, and erased with the mean in rectangles mostly tall."""
    recipe = read_recipe("rga-sc-cuhk03-labelled")
    assert (recipe.data.mean, recipe.data.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert list(recipe.transforms) == ["translate_crop", "flip", "random_erasing"]
    erasing = recipe.transforms["random_erasing"]
    assert (erasing["area"], erasing["aspect_drawn"], erasing["fill"]) == ([0.02, 0.4], "uniform", 0.0)
