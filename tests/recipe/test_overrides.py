import pytest

from reseen.errors import ReseenError
from reseen.recipe.overrides import apply_overrides


def test_values_are_toml_and_bare_words_are_strings():
    tree = apply_overrides({}, ["a.b=1", "a.c=1e-3", "a.d=true", "a.e=[1, 2]", "a.f=gem", 'a.g="x"', "h={p=1}"])
    assert tree == {"a": {"b": 1, "c": 1e-3, "d": True, "e": [1, 2], "f": "gem", "g": "x"}, "h": {"p": 1}}


def test_the_given_tree_is_untouched():
    raw = {"a": {"b": 1}}
    assert apply_overrides(raw, ["a.b=2"]) == {"a": {"b": 2}}
    assert raw == {"a": {"b": 1}}


@pytest.mark.parametrize("override", ["epochs", "=3", "a..b=1", ".a=1"])
def test_a_malformed_override_is_named(override):
    with pytest.raises(ReseenError, match=r"--set .*: expected key\.of\.setting=value"):
        apply_overrides({}, [override])


def test_a_setting_has_no_settings_of_its_own():
    with pytest.raises(ReseenError, match="'seed' is a setting, not a section"):
        apply_overrides({"seed": 1}, ["seed.x=2"])
