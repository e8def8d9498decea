"""CLIP's text encoder, from embedded words to a vector, by the names that CLIP gives its tensors.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021, section 2.4. B = batch,
T = tokens of a text, 77 of CLIP's, D = width of a token, P = of the vector.
"""

from collections import OrderedDict
from collections.abc import Mapping

import torch
from timm.layers.activations import QuickGELU
from torch import Tensor, nn

from reseen.errors import ReseenError

CHANNELS_A_HEAD = 64
_NAMES = ("transformer.", "ln_final.", "positional_embedding", "text_projection")


class TextBlock(nn.Module):
    """A residual block of attention to what came before, and of a layer of four times the width."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        layers = {"c_fc": nn.Linear(width, 4 * width), "gelu": QuickGELU(), "c_proj": nn.Linear(4 * width, width)}
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        normed = self.ln_1(tokens)
        later = torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool, device=tokens.device).triu(1)
        tokens = tokens + self.attn(normed, normed, normed, need_weights=False, attn_mask=later)[0]
        out: Tensor = tokens + self.mlp(self.ln_2(tokens))
        return out


class TextEncoder(nn.Module):
    """Embedded words (B, T, D) -> (B, P): the token where the text ends, normed and projected."""

    def __init__(self, *, length: int, width: int, blocks: int, heads: int, projected: int) -> None:
        super().__init__()
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.Sequential(*(TextBlock(width, heads) for _ in range(blocks)))
        self.positional_embedding = nn.Parameter(torch.randn(length, width) * 0.01)
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.randn(width, projected) * width**-0.5)

    @property
    def width(self) -> int:
        """P, the number of channels of a text's vector."""
        return int(self.text_projection.shape[1])

    def forward(self, words: Tensor, *, end: int) -> Tensor:
        """(B, T, D), whose texts end at the token ``end`` -> (B, P)."""
        tokens = self.transformer.resblocks(words + self.positional_embedding)  # type: ignore[operator]
        vector: Tensor = self.ln_final(tokens[:, end]) @ self.text_projection
        return vector


def text_encoder(tensors: Mapping[str, Tensor]) -> TextEncoder:
    """The text encoder of CLIP's file, or of one of CLIP-ReID's, in evaluation mode and frozen.

    Raises ReseenError for a file that holds none.
    """
    own = {name.removeprefix("text_encoder."): tensor.float() for name, tensor in tensors.items()}
    own = {name: tensor for name, tensor in own.items() if name.startswith(_NAMES)}
    if "text_projection" not in own:
        raise ReseenError("no text encoder: expected text_projection of CLIP, or text_encoder.text_projection")
    blocks = {name.split(".")[2] for name in own if name.startswith("transformer.resblocks.")}
    width, projected = own["text_projection"].shape
    encoder = TextEncoder(
        length=len(own["positional_embedding"]),
        width=width,
        blocks=len(blocks),
        heads=max(width // CHANNELS_A_HEAD, 1),
        projected=projected,
    )
    try:
        encoder.load_state_dict(own)
    except RuntimeError as error:
        raise ReseenError(f"no whole text encoder: {' '.join(str(error).split())[:200]}") from None
    return encoder.eval().requires_grad_(requires_grad=False)
