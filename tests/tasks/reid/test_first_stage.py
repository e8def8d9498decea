"""A recipe of two stages: texts are learned first, stopped and resumed to the same bits, and trained against."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from safetensors.torch import load_file, save_file

from reseen.engine.checkpoint import load_card
from reseen.engine.interrupt import Stopped
from reseen.engine.run import open_run
from reseen.errors import ReseenError
from reseen.progress import Bar, Silent
from reseen.tasks.reid import first_stage
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.recipe import read_recipe, recipe_of
from reseen.tasks.reid.task import REIDENTIFICATION
from reseen.tasks.reid.texts import TextTraining
from reseen.tasks.reid.train import train
from shared import made_once
from stopping import assert_same_end
from tiny_clip import clip_file, overrides_for

RECIPE = "clip-reid-market1501"


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    return made_once(tmp_path_factory, "tiny-clip", lambda folder: clip_file(folder / "clip.safetensors")) / (
        "clip.safetensors"
    )


class StopsAt(Silent):
    """Counts bars by what they say, and sends Ctrl-C at a step of the first stage."""

    def __init__(self, step: int | None = None) -> None:
        self.bars: list[str] = []
        self.lines: list[str] = []
        self.step, self.steps = step, 0

    @contextmanager
    def bar(self, description: str, *, total: int) -> Iterator[Bar]:
        self.bars.append(description.partition(",")[0])
        yield self if description.startswith("learn texts") else Silent()

    def advance(self, count: int = 1, *, note: str = "") -> None:
        self.steps += bool(note)
        if note and self.steps == self.step:
            signal.raise_signal(signal.SIGINT)

    def say(self, line: str) -> None:
        self.lines.append(line)


def test_the_first_stage_trains_prompts_alone_and_goes_on_after_a_stop_to_the_same_bits(
    market, clip, tmp_path, monkeypatch
):
    data, whole, stopped = market(), tmp_path / "whole", tmp_path / "stopped"
    trained = []

    class Watched(TextTraining):
        def __init__(self, prompts, **settings):
            super().__init__(prompts, **settings)
            frozen = {name: one.clone() for name, one in self.encoder.state_dict().items()}
            around = [prompts.before.clone(), prompts.after.clone(), prompts.learned.detach().clone()]
            trained.append((self, frozen, around))

    monkeypatch.setattr(first_stage, "TextTraining", Watched)
    overrides = overrides_for(clip)
    shown = StopsAt()
    train(RECIPE, data=data, out=whole, overrides=overrides, progress=shown)
    assert shown.bars.count("embed training images") == 1
    (training, frozen, (before, after, learned)) = trained[0]
    assert all(torch.equal(frozen[name], one) for name, one in training.encoder.state_dict().items())
    assert torch.equal(training.prompts.before, before)
    assert torch.equal(training.prompts.after, after)
    assert not torch.equal(training.prompts.learned, learned)
    assert [name for name, _ in training.prompts.named_parameters()] == ["learned"]

    interrupted = StopsAt(4)  # of 3 batches in each of 2 epochs
    with pytest.raises(Stopped, match=r"stopped in the first stage at epoch 2, step 2; .* and --resume"):
        train(RECIPE, data=data, out=stopped, overrides=overrides, progress=interrupted)
    assert not open_run(stopped).last_checkpoint.exists()
    resumed = StopsAt()
    train(RECIPE, data=data, out=stopped, overrides=overrides, resume=True, progress=resumed)
    assert "embed training images" not in resumed.bars, "they are computed once"
    assert "first stage resumed at epoch 2, step 2" in resumed.lines
    one, other = (load_file(run / "texts.safetensors")["texts"] for run in (whole, stopped))
    assert one.shape == (6, 512)
    assert torch.equal(one, other)
    assert_same_end(whole, stopped)
    assert not any((stopped / name).exists() for name in ("texts.ckpt", "texts.images.safetensors"))


def test_the_command_trains_both_stages_and_another_run_takes_the_texts(reseen, market, clip, tmp_path):
    data, out, second = market(), tmp_path / "run", tmp_path / "second"
    overrides = [part for line in overrides_for(clip) for part in ("--set", line)]
    code, _, said = reseen("train", RECIPE, "--data", data, "--out", out, *overrides)
    assert code == 0, said
    assert "first stage: 6 identities learn their texts" in " ".join(said.split())
    (row,) = open_run(out).metrics()
    assert row["losses"].keys() == {"cross_entropy", "triplet", "image_to_text"}
    assert load_model(out / "best.safetensors").width == 768 + 512
    assert load_card(out / "best.safetensors").recipe["texts"]["word"] == "person"
    texts = f"losses.image_to_text.texts={out / 'texts.safetensors'}"
    train(RECIPE, data=data, out=second, overrides=[*overrides_for(clip), texts])
    assert_same_end(out, second)
    assert not (second / "texts.safetensors").exists()


def test_without_start_weights_or_when_told_so_the_second_stage_trains_alone(market, clip, tmp_path):
    data, out = market(), tmp_path / "run"
    shown = StopsAt()
    overrides = [*overrides_for(clip), "model.weights=none", "model.expect_missing=[]"]
    run = train(RECIPE, data=data, out=out, overrides=overrides, progress=shown).run
    assert "no first stage: the network trains without texts" in shown.lines
    assert (recipe_of(run).texts, recipe_of(run).losses.keys()) == (None, {"cross_entropy", "triplet"})
    assert "texts" not in load_card(run.best_weights).recipe
    told = read_recipe(RECIPE, overrides=[*overrides_for(clip), "texts.learn=false"])
    assert REIDENTIFICATION.resolve(told).texts is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model.weights=timm", r"'timm' has no text encoder; expected a file of .* github\.com/openai/CLIP"),
        ("model.head.projected=640", r"as wide as model\.head\.projected, 640, got .* whose texts are 512 wide"),
        ("texts.word=Lkw-7", r"texts\.word: expected English words, of the letters a to z, got 'Lkw-7'"),
        ("texts.word=gnu", r"texts\.word: 'gnu' needs CLIP's vocabulary; texts\.vocabulary: give bpe_simple_vocab"),
        ("texts.vocabulary=absent.txt", r"texts\.vocabulary: absent\.txt cannot be read"),
        ("texts.tokens=[49408]", r"texts: expected numbers below 49408, the vocabulary's size, got 49408"),
        (f"texts.tokens={[1] * 67}", r"texts: expected at most 66 tokens for the word, got 67"),
    ],
)
def test_what_the_first_stage_cannot_use_is_refused_in_one_line_before_any_data_are_read(
    clip, tmp_path, change, message, monkeypatch
):
    monkeypatch.setattr("reseen.models.texts.words.find_spec", lambda _: None)
    with pytest.raises(ReseenError, match=message) as caught:
        train(RECIPE, data=tmp_path / "absent", out=tmp_path / "run", overrides=[*overrides_for(clip), change])
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_file_without_a_text_encoder_says_which_file_is_wanted(clip, tmp_path):
    images = {name: tensor for name, tensor in load_file(clip).items() if name.startswith("visual.")}
    save_file(images, tmp_path / "images.safetensors")
    with pytest.raises(ReseenError, match=r"images\.safetensors has no text encoder; expected a file of CLIP's image"):
        REIDENTIFICATION.resolve(read_recipe(RECIPE, overrides=overrides_for(tmp_path / "images.safetensors")))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["losses.image_to_text={}"], r"losses\.image_to_text: expected texts, a file of them, or a section \[texts\]"),
        (["texts={}"], r"texts: expected the loss image_to_text, which trains against them"),
    ],
)
def test_texts_and_the_loss_against_them_go_together(recipe_file, overrides, message):
    with pytest.raises(ReseenError, match=message):
        read_recipe(recipe_file, overrides=overrides)
