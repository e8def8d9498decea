"""CLIP-ReID's first stage, tiny: prompts learn, the encoder stays, and the second stage trains against the texts."""

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.losses.texts import contrast, image_to_text
from reseen.models.texts import prompts_of, text_encoder
from reseen.tasks.reid.text_settings import Stage
from reseen.tasks.reid.texts import encoded, learn_texts, text_loss
from reseen.types import Output
from tiny_clip import LENGTH, PROJECTED, WIDTH, text_tensors

IDENTITIES = 3


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    return text_tensors()


def direct_text(words: Tensor, tensors: dict[str, Tensor], *, end: int) -> Tensor:
    """One text (T, D) -> (P,), head by head and with its mask written out."""
    x = words + tensors["positional_embedding"]
    for number in range(2):
        own = {
            name.removeprefix(f"transformer.resblocks.{number}."): tensor
            for name, tensor in tensors.items()
            if name.startswith(f"transformer.resblocks.{number}.")
        }
        y = nn.functional.layer_norm(x, (WIDTH,), own["ln_1.weight"], own["ln_1.bias"])
        q, k, v = (y @ own["attn.in_proj_weight"].T + own["attn.in_proj_bias"]).chunk(3, dim=1)
        heads = []
        for head in range(WIDTH // 64):
            mine = slice(64 * head, 64 * head + 64)
            energy = q[:, mine] @ k[:, mine].T / 8
            energy = energy + torch.full_like(energy, -torch.inf).triu(1)
            heads.append(energy.softmax(1) @ v[:, mine])
        x = x + torch.cat(heads, dim=1) @ own["attn.out_proj.weight"].T + own["attn.out_proj.bias"]
        y = nn.functional.layer_norm(x, (WIDTH,), own["ln_2.weight"], own["ln_2.bias"])
        y = y @ own["mlp.c_fc.weight"].T + own["mlp.c_fc.bias"]
        x = x + (y * torch.sigmoid(1.702 * y)) @ own["mlp.c_proj.weight"].T + own["mlp.c_proj.bias"]
    return nn.functional.layer_norm(x[end], (WIDTH,)) @ tensors["text_projection"]


def test_a_text_is_encoded_as_clip_encodes_it(tensors):
    prompts, encoder = prompts_of(tensors, identities=IDENTITIES, length=LENGTH), text_encoder(tensors)
    words = prompts(torch.tensor([2, 0])).detach()
    assert (words.shape, prompts.end) == ((2, LENGTH, WIDTH), 11)
    vocabulary = tensors["token_embedding.weight"]
    torch.testing.assert_close(words[0, :5], vocabulary[[49406, 320, 1125, 539, 320]])
    torch.testing.assert_close(words[0, 9:12], vocabulary[[2533, 269, 49407]])
    expected = torch.stack([direct_text(text, tensors, end=11) for text in words])
    torch.testing.assert_close(encoder(words, end=prompts.end), expected, rtol=1e-4, atol=1e-5)


def test_words_that_a_released_file_keeps_are_taken_from_it(tensors):
    kept = {"prompt_learner.token_prefix": torch.rand(1, 5, 8), "prompt_learner.token_suffix": torch.rand(1, 68, 8)}
    prompts = prompts_of(kept, identities=2)
    assert (prompts(torch.tensor([1])).shape, prompts.end) == ((1, 77, 8), 11)
    released = {f"text_encoder.{name}": tensor for name, tensor in tensors.items() if "token" not in name}
    ours, same = text_encoder(tensors).state_dict(), text_encoder(released).state_dict()
    assert all(torch.equal(same[name], tensor) for name, tensor in ours.items())
    with pytest.raises(ReseenError, match=r"no words: expected token_embedding\.weight"):
        prompts_of({}, identities=2)
    with pytest.raises(ReseenError, match=r"no text encoder: expected text_projection"):
        text_encoder({})


def test_the_contrast_is_that_of_a_loop():
    vectors, others = torch.randn(4, 3), torch.randn(5, 3)
    labels, of_others = torch.tensor([0, 1, 1, 2]), torch.tensor([2, 1, 0, 1, 0])
    each = []
    for vector, label in zip(vectors, labels, strict=True):
        energies = [float(vector @ other) for other in others]
        total = torch.tensor(energies).exp().sum().log()
        positives = [energy - total for energy, other in zip(energies, of_others, strict=True) if other == label]
        each.append(-sum(positives) / len(positives))
    found = contrast(vectors, others, labels=labels, of_others=of_others)
    torch.testing.assert_close(found, torch.stack(each).mean(), rtol=1e-5, atol=1e-6)


def test_the_rate_climbs_for_five_epochs_and_falls_along_a_cosine():
    rates = [Stage().rate(epoch) for epoch in (0, 5, 120)]
    assert rates == pytest.approx([1e-5, 3.5e-4, 1e-6])
    assert Stage().rate(62) == pytest.approx((3.5e-4 + 1e-6) / 2, rel=0.03), "about half way down"


def test_prompts_learn_and_the_encoder_stays(tensors):
    vectors, labels = torch.randn(12, PROJECTED) * 2, torch.arange(12) % IDENTITIES
    prompts, encoder = prompts_of(tensors, identities=IDENTITIES, length=LENGTH), text_encoder(tensors)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    first = text_loss(vectors, labels, prompts=prompts, encoder=encoder)
    stage = Stage(epochs=8, batch_size=6, learning_rate=0.05, warmup_epochs=1)
    texts = learn_texts(vectors, labels, prompts=prompts, encoder=encoder, stage=stage)
    assert text_loss(vectors, labels, prompts=prompts, encoder=encoder) < 0.9 * first
    assert all(torch.equal(before[name], tensor) for name, tensor in encoder.state_dict().items())
    torch.testing.assert_close(texts, encoded(prompts, encoder=encoder, batch_size=2))


def test_the_loss_against_texts_reads_the_first_vector_of_their_width(tmp_path):
    path = str(tmp_path / "texts.safetensors")
    texts = torch.randn(IDENTITIES, 4)
    save_file({"texts": texts}, path)
    loss = image_to_text(num_identities=IDENTITIES, texts=path, label_smoothing=0.0)
    vectors, labels = (torch.randn(2, 6), torch.randn(2, 4), torch.randn(2, 4)), torch.tensor([2, 0])
    expected = nn.functional.cross_entropy(vectors[1] @ texts.T, labels)
    torch.testing.assert_close(loss(Output(vectors[0], vectors, (), ()), labels), expected)
    with pytest.raises(ReseenError, match="expected a vector of width 4, as the texts have, got 6"):
        loss(Output(vectors[0], vectors[:1], (), ()), labels)
    with pytest.raises(ValueError, match="has texts of 3 identities, the training set has 7"):
        image_to_text(num_identities=7, texts=path)
    with pytest.raises(ValueError, match="is no file of texts"):
        image_to_text(num_identities=7, texts=str(tmp_path / "absent"))
