"""A checkpoint laid out as SOLIDER's release, computed as its public code computes, against the imported model."""

import pytest
import torch
from torch import Tensor, nn

import reseen
from reseen.backbones import build_backbone
from reseen.errors import ReseenError
from reseen.models import load_weights
from reseen.tasks.reid.releases import import_weights

SMALL = (32, (2, 2, 2, 2))
"""Channels of the first stage and blocks a stage of a Swin for tests."""
SIZE = (72, 56)
"""Whose maps are 18 x 14, 9 x 7 (odd: padded before merging), 5 x 4 and 3 x 2: none is whole windows."""


class Attention(nn.Module):
    """One window at a time, with the bias looked up by mmcv's index."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = channels // 32
        self.relative_position_bias_table = nn.Parameter(torch.randn(169, self.heads))
        steps = torch.tensor([13 * row + column for row in range(7) for column in range(7)])
        self.register_buffer("relative_position_index", (steps[:, None] + steps[None, :]).flip(1).contiguous())
        self.qkv, self.proj = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)

    def forward(self, window: Tensor, region: Tensor) -> Tensor:
        """(B, 49, C), (49,) -> (B, 49, C)."""
        batch, places, channels = window.shape
        q, k, v = self.qkv(window).reshape(batch, places, 3, self.heads, 32).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(2, 3) / 32**0.5
        scores = scores + self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)
        scores = scores - 100.0 * (region[:, None] != region[None, :]).float()
        return self.proj((scores.softmax(3) @ v).transpose(1, 2).reshape(batch, places, channels))


class Block(nn.Module):
    def __init__(self, channels: int, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.attn, self.ffn = nn.Module(), nn.Module()
        self.attn.w_msa = Attention(channels)
        first = nn.Sequential(nn.Linear(channels, 4 * channels), nn.GELU(), nn.Dropout(0.0))
        self.ffn.layers = nn.Sequential(first, nn.Linear(4 * channels, channels), nn.Dropout(0.0))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w)."""
        x = x + self.windows(self.norm1(x.permute(0, 2, 3, 1)))
        return x + self.ffn.layers(self.norm2(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)

    def windows(self, x: Tensor) -> Tensor:
        """(B, h, w, C) -> (B, C, h, w): zeros fill it up; each place is moved by the shift by its index."""
        batch, height, width, channels = x.shape
        tall, wide = 7 * ((height + 6) // 7), 7 * ((width + 6) // 7)
        padded = x.new_zeros(batch, tall, wide, channels)
        padded[:, :height, :width] = x
        rows, columns = ((torch.arange(length) + self.shift) % length for length in (tall, wide))
        moved, out = padded[:, rows][:, :, columns], torch.zeros_like(padded)
        region = torch.zeros(tall, wide, dtype=torch.long)
        if self.shift:
            for number, row in enumerate((slice(0, -7), slice(-7, -self.shift), slice(-self.shift, None))):
                for other, column in enumerate((slice(0, -7), slice(-7, -self.shift), slice(-self.shift, None))):
                    region[row, column] = 3 * number + other
        for row in range(0, tall, 7):
            for column in range(0, wide, 7):
                at = (slice(None), slice(row, row + 7), slice(column, column + 7))
                window = moved[at].reshape(batch, 49, channels)
                seen = self.attn.w_msa(window, region[at[1:]].reshape(49))
                out[at] = seen.reshape(batch, 7, 7, channels)
        back = torch.zeros_like(out)
        back[:, rows[:, None], columns[None, :]] = out
        return back[:, :height, :width].permute(0, 3, 1, 2)


class Merging(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm, self.reduction = nn.LayerNorm(4 * channels), nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = nn.functional.pad(x, (0, width % 2, 0, height % 2))
        patches = self.reduction(self.norm(nn.Unfold(2, stride=2)(x).transpose(1, 2)))
        return patches.transpose(1, 2).unflatten(2, ((height + 1) // 2, (width + 1) // 2))


class Base(nn.Module):
    def __init__(self, width: int, depths: tuple[int, ...]) -> None:
        super().__init__()
        channels = [width * 2**stage for stage in range(4)]
        self.patch_embed = nn.Module()
        self.patch_embed.projection = nn.Conv2d(3, width, 4, stride=4)
        self.patch_embed.norm = nn.LayerNorm(width)
        self.stages, self.semantic_embed_w, self.semantic_embed_b = (nn.ModuleList() for _ in range(3))
        for number, (wide, depth) in enumerate(zip(channels, depths, strict=True)):
            stage = nn.Module()
            stage.blocks = nn.ModuleList(Block(wide, 3 * (block % 2)) for block in range(depth))
            if number < 3:
                stage.downsample = Merging(wide)
            self.stages.append(stage)
            self.semantic_embed_w.append(nn.Linear(2, channels[min(number + 1, 3)]))
            self.semantic_embed_b.append(nn.Linear(2, channels[min(number + 1, 3)]))
            setattr(self, f"norm{number}", nn.LayerNorm(wide))

    def forward(self, images: Tensor, weight: float) -> Tensor:
        x = self.patch_embed.projection(images)
        x = self.patch_embed.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        semantics = torch.tensor([[weight, 1 - weight]])
        for number, stage in enumerate(self.stages):
            for block in stage.blocks:
                x = block(x)
            if number < 3:
                scale, shift = self.semantic_embed_w[number](semantics), self.semantic_embed_b[number](semantics)
                x = stage.downsample(x) * (1 + scale.exp()).log()[:, :, None, None] + shift[:, :, None, None]
        return self.norm3(x.permute(0, 2, 3, 1)).mean(dim=(1, 2))


class Release(nn.Module):
    def __init__(self, width: int = 96, depths: tuple[int, ...] = (2, 2, 6, 2), identities: int = 7) -> None:
        super().__init__()
        self.base = Base(width, depths)
        self.bottleneck = nn.BatchNorm1d(8 * width)
        self.classifier = nn.Linear(8 * width, identities, bias=False)

    def forward(self, images: Tensor, weight: float) -> tuple[Tensor, Tensor]:
        feature = self.base(images, weight)
        return feature, self.classifier(self.bottleneck(feature))


@pytest.fixture(scope="module")
def release() -> Release:
    torch.manual_seed(0)
    model = Release(*SMALL)
    for parameter in model.parameters():
        if parameter.ndim == 1:
            nn.init.uniform_(parameter, 0.3, 0.9)
    model.bottleneck.running_mean.uniform_(-0.2, 0.2)
    model.bottleneck.running_var.uniform_(0.8, 1.2)
    return model.eval()


@pytest.mark.parametrize("weight", [None, 0.7])
def test_the_imported_swin_gives_the_releases_feature_at_its_semantic_weight(release, weight, tmp_path):
    source, out = tmp_path / "transformer_120.pth", tmp_path / "solider.safetensors"
    tensors = {f"module.{name}": tensor for name, tensor in release.state_dict().items()}
    torch.save(tensors if weight else {"state_dict": tensors}, source)
    options = [f"semantic_weight={weight}"] if weight else []
    released = import_weights("solider", source, out, image_size=SIZE, options=options)
    model = reseen.load_model(out)
    images = torch.randn(2, 3, *SIZE)
    with torch.no_grad():
        feature, logits = release(images, weight or 0.2)
        output = model(images)
    torch.testing.assert_close(output.embedding, feature, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(output.logits[0], logits, rtol=1e-4, atol=1e-4)
    assert len(release.state_dict()) == len(released.tensors) + len(released.left_out)
    assert {name.split(".")[1] for name in released.left_out if name.startswith("base.norm")} == {
        "norm0",
        "norm1",
        "norm2",
    }


def test_a_shift_is_kept_on_maps_smaller_than_a_window():
    """Where timm drops it: the release's weights then see another neighbourhood."""
    body = build_backbone("solider_swin_tiny", image_size=(32, 32)).body
    assert [block.attn.shift for block in body.stages[3].blocks] == [0, 3]


PUBLIC = {"tiny": (96, (2, 2, 6, 2)), "small": (96, (2, 2, 18, 2)), "base": (128, (2, 2, 18, 2))}


@pytest.mark.parametrize("size", PUBLIC)
def test_a_swin_by_name_has_the_tensors_of_the_public_one(size):
    with torch.device("meta"):
        public = Release(*PUBLIC[size]).base.state_dict()
        backbone = build_backbone(f"solider_swin_{size}", image_size=(32, 32))
    used = {name: tuple(tensor.shape) for name, tensor in backbone.start_tensors(public).items()}
    assert used == {name: tuple(tensor.shape) for name, tensor in backbone.body.state_dict().items()}


def changed(release: Release, **tensors: Tensor | None) -> dict[str, Tensor]:
    state = {**release.state_dict(), **{name.replace("__", "."): tensor for name, tensor in tensors.items()}}
    return {name: tensor for name, tensor in state.items() if tensor is not None}


@pytest.mark.parametrize(
    ("tensors", "error"),
    [
        ({"classifier__weight": None}, r"no head \(classifier\.weight\): import it without the head"),
        ({"base__semantic_embed_w__1__bias": None}, r"1 missing \(backbone\.body\.semantic_embed_w\.1\.bias\)"),
        ({"base__absolute_pos_embed": torch.zeros(2)}, r"1 unexpected \(backbone\.body\.absolute_pos_embed\)"),
        ({"fcneck__weight": torch.zeros(2)}, r"1 unexpected \(fcneck\.weight\)"),
        ({"base__patch_embed__projection__weight": torch.zeros(64, 3, 4, 4)}, "of another shape"),
        (
            {"base__stages__0__blocks__0__attn__w_msa__relative_position_index": torch.zeros(49, 49)},
            r"blocks\.0\.attn\.w_msa\.relative_position_index: expected rows of the table of biases in the order",
        ),
        (
            {"base__stages__0__blocks__0__attn__w_msa__relative_position_bias_table": torch.zeros(529, 1)},
            r"expected 169 rows, those of windows of 7 x 7, got 529",
        ),
    ],
)
def test_a_file_that_is_no_whole_release_is_refused_in_one_line(release, tensors, error, tmp_path):
    source = tmp_path / "wrong.pth"
    torch.save(changed(release, **tensors), source)
    with pytest.raises(ReseenError, match=error):
        import_weights("solider", source, tmp_path / "out.safetensors", image_size=SIZE)


def test_another_release_is_named_by_what_it_looks_like(release, tmp_path):
    source = tmp_path / "solider.pth"
    torch.save(release.state_dict(), source)
    with pytest.raises(ReseenError, match="it looks like solider"):
        import_weights("mbr-release", source, tmp_path / "out.safetensors")
    with pytest.raises(ReseenError, match=r"semantic_weight: .* less than or equal to 1, got 2"):
        import_weights("solider", source, tmp_path / "out.safetensors", options=["semantic_weight=2"])


def test_the_pre_training_of_the_authors_is_start_weights(release):
    backbone = build_backbone("solider_swin_tiny", image_size=SIZE, width=32, depths=[2, 2, 2, 2])
    tensors = {f"backbone.{name}": tensor for name, tensor in release.base.state_dict().items()}
    report = load_weights(backbone.body, backbone.start_tensors(tensors))
    assert report.missing == ()


def test_a_swin_takes_images_of_any_size():
    backbone = build_backbone("solider_swin_tiny", image_size=(32, 32), width=32, depths=[1, 1, 1, 1])
    with torch.no_grad():
        assert backbone.eval()(torch.randn(1, 3, 70, 38)).shape == (1, 256, 3, 2)
