"""Files of CLIP's encoders, narrow and shallow, and what a recipe says to fit them."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

WIDTH, PROJECTED, LENGTH = 128, 8, 14


def text_tensors(*, projected: int = PROJECTED, length: int = LENGTH, blocks: int = 2) -> dict[str, Tensor]:
    """CLIP's text tensors, narrow, with a vocabulary as long as the numbers of its words ask for."""
    draw = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw) * WIDTH**-0.5

    tensors = {
        "token_embedding.weight": random(49408, WIDTH),
        "positional_embedding": random(length, WIDTH),
        "text_projection": random(WIDTH, projected),
        "ln_final.weight": torch.ones(WIDTH),
        "ln_final.bias": torch.zeros(WIDTH),
    }
    for number in range(blocks):
        block = f"transformer.resblocks.{number}."
        for norm in ("ln_1", "ln_2"):
            tensors |= {f"{block}{norm}.weight": torch.ones(WIDTH), f"{block}{norm}.bias": random(WIDTH)}
        for layer, (outputs, inputs) in {
            "attn.in_proj_": (3 * WIDTH, WIDTH),
            "attn.out_proj.": (WIDTH, WIDTH),
            "mlp.c_fc.": (4 * WIDTH, WIDTH),
            "mlp.c_proj.": (WIDTH, 4 * WIDTH),
        }.items():
            tensors |= {f"{block}{layer}weight": random(outputs, inputs), f"{block}{layer}bias": random(outputs)}
    return tensors


def clip_file(path: Path, *, projected: int = 512) -> Path:
    """A file of both encoders, the image encoder without its one block, for images of 32 x 32."""
    images = {
        "visual.conv1.weight": torch.randn(768, 3, 16, 16) * 0.05,
        "visual.class_embedding": torch.randn(768),
        "visual.positional_embedding": torch.randn(5, 768),
        "visual.proj": torch.randn(768, 512) / 768**0.5,
    }
    save_file({**images, **text_tensors(projected=projected, length=77, blocks=1)}, path)
    return path


def overrides_for(clip: Path) -> list[str]:
    """What makes `clip-reid-market1501` train on it, small and short."""
    return [
        f"model.weights={clip}",
        'model.expect_missing=["norm*", "blocks.*", "side.*"]',
        "model.blocks=1",
        "data.image_size=[32, 32]",
        "data.workers=0",
        "sampler={identities=2, images=2}",
        "schedule={name='constant'}",
        "training={epochs=1}",
        "hardware={accelerator='cpu'}",
        "evaluation={every=0, batch_size=8}",
        "texts.epochs=2",
        "texts.warmup_epochs=1",
        "texts.batch_size=10",
    ]
