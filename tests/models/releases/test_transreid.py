"""A checkpoint laid out as TransReID's, computed as its public code computes, against the imported model."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

import reseen
from reseen.errors import ReseenError
from reseen.models.releases.transreid import transreid_release
from reseen.tasks.reid.releases import import_weights

WIDTH, DEPTH, HEADS = 32, 3, 2
SIZE = (64, 64)
"""With 4 x 4 = 16 patches side by side and 5 x 5 = 25, an odd number, that overlap."""
OPTIONS = ("cameras=20", "views=8", "shift=8", f"heads={HEADS}")


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        heads = []
        for q, k, v in zip(*(part.split(WIDTH // HEADS, dim=-1) for part in self.qkv(x).chunk(3, dim=-1)), strict=True):
            heads.append((q @ k.transpose(1, 2) / (WIDTH // HEADS) ** 0.5).softmax(dim=-1) @ v)
        return self.proj(torch.cat(heads, dim=-1))


class Block(nn.Module):
    """The direct form: pre-norm, exact GELU."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps=1e-6), nn.LayerNorm(WIDTH, eps=1e-6)
        self.attn, self.mlp = Attention(), nn.Module()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp.fc2(nn.functional.gelu(self.mlp.fc1(self.norm2(x))))


class Base(nn.Module):
    def __init__(self, *, stride: int, rows: int, size: tuple[int, int]) -> None:
        super().__init__()
        patches = ((size[0] - 16) // stride + 1) * ((size[1] - 16) // stride + 1)
        self.cls_token = nn.Parameter(torch.randn(1, 1, WIDTH))
        self.pos_embed = nn.Parameter(torch.randn(1, patches + 1, WIDTH))
        if rows:
            self.sie_embed = nn.Parameter(torch.randn(rows, 1, WIDTH))
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, WIDTH, 16, stride=stride)
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norm, self.fc = nn.LayerNorm(WIDTH, eps=1e-6), nn.Linear(WIDTH, 1000)

    def forward(self, images: Tensor, row: int, *, coefficient: float, depth: int) -> Tensor:
        patches = self.patch_embed.proj(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.repeat(len(images), 1, 1), patches], dim=1) + self.pos_embed
        if hasattr(self, "sie_embed"):
            x = x + coefficient * self.sie_embed[row]
        for block in self.blocks[:depth]:
            x = block(x)
        return x


class Release(nn.Module):
    """The public model's tree of modules; ``parts`` 4 with JPM, 0 without."""

    def __init__(self, *, parts: int, stride: int, rows: int = 160, size: tuple[int, int] = SIZE) -> None:
        super().__init__()
        self.parts, self.base = parts, Base(stride=stride, rows=rows, size=size)
        if parts:
            self.b1, self.b2 = (nn.Sequential(Block(), nn.LayerNorm(WIDTH, eps=1e-6)) for _ in range(2))
        for number in range(1 + parts):
            suffix = f"_{number}" if number else ""
            self.add_module(f"bottleneck{suffix}", nn.BatchNorm1d(WIDTH))
            self.add_module(f"classifier{suffix}", nn.Linear(WIDTH, 7, bias=False))

    def forward(self, images: Tensor, row: int, *, shift: int = 8, coefficient: float = 3.0) -> tuple[Tensor, ...]:
        """The test feature, the necks' vectors and the logits."""
        if self.parts:
            x = self.base(images, row, coefficient=coefficient, depth=DEPTH - 1)
            features = [self.b1(x)[:, 0], *self._local(x, shift)]
        else:
            features = [self.base.norm(self.base(images, row, coefficient=coefficient, depth=DEPTH))[:, 0]]
        suffixes = ["", *(f"_{number}" for number in range(1, 1 + self.parts))]
        necked = [getattr(self, f"bottleneck{s}")(feature) for s, feature in zip(suffixes, features, strict=True)]
        logits = [getattr(self, f"classifier{s}")(neck) for s, neck in zip(suffixes, necked, strict=True)]
        return torch.cat([features[0], *(f / 4 for f in features[1:])], dim=1), torch.stack(necked), torch.stack(logits)

    def _local(self, x: Tensor, shift: int) -> list[Tensor]:
        """Patch by patch, with lists in place of views."""
        patches = list(x[:, 1:].unbind(1))
        patches = [x[:, place] for place in range(shift, x.shape[1])] + [x[:, place] for place in range(1, shift)]
        if len(patches) % 2:
            patches.append(patches[-2])
        half = len(patches) // 2
        dealt = [patches[group * half + place] for place in range(half) for group in range(2)]
        length = (x.shape[1] - 1) // 4
        quarters = [dealt[place * length : (place + 1) * length] for place in range(4)]
        return [self.b2(torch.stack([x[:, 0], *quarter], dim=1))[:, 0] for quarter in quarters]


def released(**settings: int) -> Release:
    torch.manual_seed(0)
    model = Release(**settings)
    for part in model.modules():
        if isinstance(part, nn.BatchNorm1d):
            part.running_mean.uniform_(-0.2, 0.2)
            part.running_var.uniform_(0.8, 1.2)
    return model.eval()


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("parts", "stride"), [(4, 12), (4, 16), (0, 12), (0, 16)])
def test_the_imported_model_computes_what_the_release_does(parts, stride, images, tmp_path):
    public = released(parts=parts, stride=stride)
    state = {f"module.{name}": tensor for name, tensor in public.state_dict().items()}
    torch.save(state, tmp_path / "public.pth")
    options = OPTIONS if parts else tuple(option for option in OPTIONS if "shift" not in option)
    told = import_weights(
        "transreid", tmp_path / "public.pth", tmp_path / "ours.safetensors", image_size=SIZE, options=options
    )
    model = reseen.load_model(tmp_path / "ours.safetensors")
    side = model.backbone.side_information
    assert (side.camera_names[13], side.view_names[5], model.backbone.body.stride) == ("014", "5", stride)
    unused = {"base.fc.weight", "base.fc.bias"} | (
        {name for name in public.state_dict() if name.startswith((f"base.blocks.{DEPTH - 1}.", "base.norm."))}
        if parts
        else set()
    )
    assert set(told.left_out) == unused
    with torch.no_grad():
        feature, necked, logits = public(images, row=13 * 8 + 5)
        output = model(images, torch.tensor([13, 13]), torch.tensor([5, 5]))
    torch.testing.assert_close(output.embedding, feature, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(torch.stack(output.necked), necked, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(torch.stack(output.logits), logits, rtol=1e-4, atol=1e-5)
