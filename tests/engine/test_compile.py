"""`hardware.compile`: the steps run compiled, scoring does not, and nothing else changes."""

from functools import partial

import pytest
import torch

from reseen.engine.hardware import takes_fused
from reseen.errors import ReseenError
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.train import train

SHORT = ("training.epochs=1", "evaluation.every=0")


def test_training_steps_run_compiled_and_scoring_does_not(market, recipe_file, tmp_path, monkeypatch):
    modes: list[bool] = []

    def backend(graph, _inputs):
        def run(*inputs):
            modes.append(torch.is_grad_enabled())
            return graph(*inputs)

        return run

    data = market()
    plain = train(recipe_file, data=data, out=tmp_path / "plain", overrides=SHORT)
    assert not modes
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    settings = (*SHORT, "hardware.compile=true")
    compiled = train(recipe_file, data=data, out=tmp_path / "compiled", overrides=settings)
    torch.compiler.reset()
    assert modes, "no step went through the compiler"
    assert all(modes), "scoring went through the compiler"
    losses = [run.run.metrics()[0]["loss"] for run in (plain, compiled)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert (
        load_model(compiled.run.best_weights).state_dict().keys()
        == load_model(plain.run.best_weights).state_dict().keys()
    )


def test_compiling_without_a_compiler_is_refused_in_one_line(market, recipe_file, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(ReseenError, match=r"hardware\.compile: torch\.compile needs a C"):
        train(recipe_file, data=market(), out=tmp_path / "run", overrides=(*SHORT, "hardware.compile=true"))


@pytest.mark.parametrize(
    ("device", "settings", "fused"),
    [
        ("cuda", (), True),
        ("cpu", (), False),
        ("cuda", ("hardware.precision=fp16",), True),
        ("cuda", ("training.clip_norm=1.0",), True),
        ("cuda", ("hardware.precision=fp16", "training.clip_norm=1.0"), False),
    ],
)
def test_a_gpu_steps_all_weights_at_once_unless_scaled_gradients_are_clipped(recipe_file, device, settings, fused):
    assert takes_fused(torch.device(device), read_recipe(recipe_file, overrides=settings)) is fused


def test_fused_is_no_setting_of_a_recipe(recipe_file):
    with pytest.raises(ReseenError, match=r"optimizer: .*no setting 'fused'"):
        read_recipe(recipe_file, overrides=["optimizer.fused=true"])
