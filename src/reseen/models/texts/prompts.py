"""Prompts with a few learned words for each identity: "A photo of a X X X X person."

Li et al., "CLIP-ReID", AAAI 2023, section 3.2. I = identities, n = learned words, D = width of an embedded word.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.models.texts.words import WORDS

BEFORE = (49406, 320, 1125, 539, 320)
"""The start, "a", "photo", "of", "a" by their numbers in CLIP's vocabulary."""
PERSON = WORDS["person"]
END = (269, 49407)
"""The full stop, and the end of a text."""
LEARNED = 4


class Prompts(nn.Module):
    """Embedded prompts (B, T, D) of identities (B,); ``before`` (1, a, D) and ``after`` (1, b, D) stay as they are.

    ``end``: where the texts end, counted from 0 in T = a + n + b.
    """

    before: Tensor
    after: Tensor

    def __init__(
        self, before: Tensor, after: Tensor, *, identities: int, learned: int = LEARNED, words: int = 1
    ) -> None:
        super().__init__()
        self.register_buffer("before", before)
        self.register_buffer("after", after)
        self.learned = nn.Parameter(torch.randn(identities, learned, before.shape[2]) * 0.02)
        self.end = before.shape[1] + learned + words + len(END) - 1

    def forward(self, identities: Tensor) -> Tensor:
        """(B,) -> (B, T, D)."""
        shape = (len(identities), -1, -1)
        return torch.cat([self.before.expand(*shape), self.learned[identities], self.after.expand(*shape)], dim=1)


def prompts_of(
    tensors: Mapping[str, Tensor], *, identities: int, length: int = 77, noun: Sequence[int] = PERSON
) -> Prompts:
    """Prompts around the words of CLIP's file, or around those that a file of CLIP-ReID's keeps.

    Args:
        tensors: With CLIP's ``token_embedding.weight``, or with CLIP-ReID's ``prompt_learner.token_prefix`` and suffix.
        identities: How many learn words of their own.
        length: T, of CLIP's texts.
        noun: What stands after the learned words, numbered in CLIP's vocabulary (`word_numbers`).

    Returns:
        The prompts, their learned words drawn from N(0, 0.02).

    Raises:
        ReseenError: A file that holds neither, a noun that is too long, and numbers beyond the vocabulary.
    """
    before, after = (tensors.get(f"prompt_learner.token_{part}") for part in ("prefix", "suffix"))
    if before is None or after is None:
        embedded = tensors.get("token_embedding.weight")
        if embedded is None:
            raise ReseenError("no words: expected token_embedding.weight of CLIP, or prompt_learner.token_prefix")
        ends = [*noun, *END]
        room = length - len(BEFORE) - LEARNED - len(ends)
        if room < 0:
            raise ReseenError(f"texts: expected at most {len(noun) + room} tokens for the word, got {len(noun)}")
        if (largest := max(*BEFORE, *ends)) >= len(embedded):
            raise ReseenError(f"texts: expected numbers below {len(embedded)}, the vocabulary's size, got {largest}")
        ends += [0] * room
        before, after = (embedded[torch.tensor(numbers)][None] for numbers in (list(BEFORE), ends))
    return Prompts(before.float(), after.float(), identities=identities, words=len(noun))
