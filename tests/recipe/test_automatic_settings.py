import pytest

from reseen.errors import ReseenError
from reseen.recipe.overrides import apply_overrides, setting_at
from reseen.recipe.training import recipe_text
from reseen.tasks.reid.recipe import PLACEHOLDERS, read_recipe


def test_auto_leaves_a_setting_to_the_data_and_types_stay_those_of_values(recipe_file):
    recipe = read_recipe(recipe_file, overrides=["training.epochs=auto", "data.image_size=auto"])
    assert set(recipe.automatic) == {"training.epochs", "data.image_size"}
    assert recipe.data.image_size == (128, 128)
    assert recipe.training.epochs == PLACEHOLDERS["training.epochs"]


def test_a_filled_setting_is_automatic_no_more(recipe_file):
    recipe = read_recipe(recipe_file, overrides=["training.epochs=auto", "data.image_size=auto"])
    filled = recipe.filled({"training.epochs": 7})
    assert filled.training.epochs == 7
    assert filled.automatic == ("data.image_size",)


def test_a_filled_value_is_checked(recipe_file):
    recipe = read_recipe(recipe_file, overrides=["training.epochs=auto"])
    with pytest.raises(ReseenError, match=r"training\.epochs: .*greater than or equal to 1, got 0"):
        recipe.filled({"training.epochs": 0})


def test_a_setting_on_the_command_line_replaces_auto():
    assert "training.epochs" in read_recipe("finetune").automatic
    assert "training.epochs" not in read_recipe("finetune", overrides=["training.epochs=3"]).automatic


def test_auto_is_written_as_auto_and_read_back(recipe_file, tmp_path):
    recipe = read_recipe(recipe_file, overrides=["training.epochs=auto"])
    again = tmp_path / "again.toml"
    again.write_text(recipe_text(recipe))
    assert 'epochs = "auto"' in again.read_text()
    assert read_recipe(again) == recipe


def test_auto_elsewhere_is_refused(recipe_file):
    with pytest.raises(ReseenError, match=r"optimizer: .*learning_rate.*'auto'"):
        read_recipe(recipe_file, overrides=["optimizer.learning_rate=auto"])


def test_a_setting_is_found_by_its_dotted_name():
    tree = apply_overrides({}, ["a.b.c=1"])
    assert setting_at(tree, "a.b.c") == 1
    assert setting_at(tree, "a.x.c") is None
