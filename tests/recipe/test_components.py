"""Components: what a recipe's line may say follows from the signature of the factory that it names."""

import sys
from typing import Annotated

import pytest
from annotated_types import Ge

from reseen.errors import ReseenError
from reseen.losses import LOSSES
from reseen.recipe.components import Component, Kind
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import read_recipe, recipe_from

OWN_LOSS = """
from torch import nn


class Focal(nn.Module):
    def __init__(self, gamma):
        super().__init__()
        self.gamma = gamma

    def forward(self, output, labels):
        return output.logits[0].sum() * self.gamma


def focal(*, num_identities: int, gamma: float = 2.0) -> nn.Module:
    return Focal(gamma * num_identities)


NOTHING = 3
"""


def block(*, channels: int, kernel: Annotated[int, Ge(3)] = 3, sizes: tuple[int, ...] = (1, 2)) -> tuple[object, ...]:
    if kernel % 2 == 0:
        raise ValueError(f"expected an odd kernel, got {kernel}")
    return channels, kernel, sizes


BLOCKS = Kind("block", {"block": block}, available=("channels", "unused"))


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A package of a user's own, which nothing has imported yet."""
    (tmp_path / "own_losses.py").write_text(OWN_LOSS)
    monkeypatch.syspath_prepend(tmp_path)
    yield "own_losses:focal"
    sys.modules.pop("own_losses", None)


def test_a_component_gets_its_settings_and_what_it_names_of_what_is_available():
    assert BLOCKS.build(Component("block", {"sizes": [4]}), channels=8, unused=1) == (8, 3, (4,))


def test_a_checked_component_has_every_default_in_what_toml_can_hold():
    assert BLOCKS.checked(Component("block", {"kernel": 5})).settings == {"kernel": 5, "sizes": [1, 2]}


@pytest.mark.parametrize(
    ("component", "words"),
    [
        (Component("blok", {}), "no block 'blok'; did you mean 'block'"),
        (Component("block", {"kernle": 3}), "block: no setting 'kernle'; did you mean 'kernel'"),
        (Component("block", {"kernel": 1}), "block: kernel: Input should be greater than or equal to 3, got 1"),
        (Component("block", {"kernel": "3"}), "block: kernel: .*integer"),
        (Component("block", {"channels": 3}), "block: no setting 'channels'"),
        (Component("block", {"kernel": 4}), "block: expected an odd kernel, got 4"),
    ],
)
def test_a_wrong_component_is_one_line(component, words):
    with pytest.raises(ValueError, match=words):
        BLOCKS.build(component, channels=8)


@pytest.mark.parametrize(
    ("branch", "words"),
    [
        ({"name": "bot", "heads": 0}, "heads: Input should be greater than or equal to 1, got 0"),
        ({"name": "lka", "dilation": 0}, "dilation: Input should be greater than or equal to 1, got 0"),
        ({"name": "lska", "kernel": 1}, "kernel: Input should be greater than or equal to 3, got 1"),
    ],
)
def test_a_branch_has_the_bounds_of_its_attention(branch, words):
    lines = read_recipe("mbr-4b-veri776").model_dump(mode="json")
    lines["model"]["branches"][0] = {**branch, "role": "both"}
    with pytest.raises(ReseenError, match=words):
        recipe_from(lines)


def test_a_branch_takes_any_attention_of_the_table():
    lines = read_recipe("mbr-4b-veri776").model_dump(mode="json")
    lines["model"] = {"backbone": "resnet26", "branches": [{"attention": "se", "role": "both", "reduction": 4}]}
    recipe = recipe_from(lines)
    assert recipe.model.branches == [{"attention": "se", "role": "both", "reduction": 4}]
    (branch,) = build_embedder(recipe, num_identities=5, start_weights=False).branches
    assert [type(block.conv2).__name__ for block in branch.stage] == ["SEModule"] * 2
    assert recipe_from(recipe.model_dump(mode="json")) == recipe


def test_an_attention_of_a_branch_has_its_settings_checked():
    lines = read_recipe("mbr-4b-veri776").model_dump(mode="json")
    lines["model"] = {"backbone": "resnet26", "branches": [{"attention": "se", "role": "both", "reduktion": 4}]}
    with pytest.raises(ReseenError, match="se: no setting 'reduktion'; did you mean 'reduction'"):
        recipe_from(lines)


@pytest.mark.parametrize("loss", ["circle", "metric_learning", "triplet"])
def test_a_loss_over_pairs_needs_two_images_of_an_identity(loss):
    lines = read_recipe("demo").model_dump(mode="json")
    lines["losses"] = {loss: {}}
    lines["sampler"]["images"] = 1
    with pytest.raises(ReseenError, match=f"losses: {loss} needs sampler.images of at least 2, got 1"):
        recipe_from(lines)


def test_a_users_own_loss_is_named_by_its_module(own, tmp_path):
    recipe = tmp_path / "own.toml"
    recipe.write_text(f'extends = "demo"\n[losses."{own}"]\ngamma = 3.0\n')
    settings = read_recipe(recipe).losses[own]
    assert settings == {"weight": 1.0, "gamma": 3.0}
    loss = Kind("loss", LOSSES, available=("num_identities", "width")).build(
        Component(own, {"gamma": 3.0}), num_identities=5, width=8
    )
    assert loss.gamma == 15.0


def test_a_users_own_loss_has_its_settings_checked(own, tmp_path):
    recipe = tmp_path / "own.toml"
    recipe.write_text(f'extends = "demo"\n[losses."{own}"]\ngama = 3.0\n')
    with pytest.raises(ReseenError, match="own_losses:focal: no setting 'gama'; did you mean 'gamma'"):
        read_recipe(recipe)


def test_lines_of_a_stranger_import_nothing(own):
    lines = read_recipe("demo").model_dump(mode="json")
    lines["losses"] = {own: {}}
    with pytest.raises(ReseenError, match="code of another package; import own_losses first, if you trust it"):
        recipe_from(lines)
    assert "own_losses" not in sys.modules


def test_a_backbone_of_a_stranger_imports_nothing(own):
    lines = read_recipe("demo").model_dump(mode="json")
    lines["model"] = {"backbone": own}
    with pytest.raises(ReseenError, match="code of another package; import own_losses first"):
        recipe_from(lines)
    assert "own_losses" not in sys.modules


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("own_losses:focall", "own_losses has no function or class 'focall'"),
        ("own_losses:NOTHING", "own_losses has no function or class 'NOTHING'"),
        ("no_such_package:loss", "no_such_package cannot be imported"),
    ],
)
def test_a_module_without_such_a_factory_is_one_line(own, name, words):
    with pytest.raises(ValueError, match=words):
        Kind("loss", LOSSES).factory(name, may_import=True)
