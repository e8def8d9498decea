"""A checkpoint laid out as TransReID's, computed as its public code computes, against the imported model."""

import pytest
import torch
from torch import Tensor, nn

import reseen
from reseen.errors import ReseenError
from reseen.models.releases.transreid import transreid_release
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import read_recipe
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


def imported(public: Release, folder, *options: str, image_size: tuple[int, int] | None = SIZE):
    torch.save(public.state_dict(), folder / "public.pth")
    import_weights(
        "transreid", folder / "public.pth", folder / "ours.safetensors", image_size=image_size, options=options
    )
    return reseen.load_model(folder / "ours.safetensors")


def test_an_unknown_camera_or_view_gets_the_mean_of_the_rows_over_it(images, tmp_path):
    model = imported(released(parts=0, stride=16), tmp_path, "cameras=20", "views=8", "heads=2")
    side = model.backbone.body.side
    camera, unknown = torch.tensor([13]), torch.tensor([-1])
    with torch.no_grad():
        torch.testing.assert_close(side(camera, unknown, batch=1)[0], side.table[13].mean(dim=0))
        torch.testing.assert_close(side(unknown, torch.tensor([5]), batch=1)[0], side.table[:, 5].mean(dim=0))
        torch.testing.assert_close(side(None, None, batch=1)[0], side.table.mean(dim=(0, 1)))
        side.unknown = "off"
        assert not side(unknown, torch.tensor([5]), batch=1).any()
        assert torch.equal(side(camera, torch.tensor([5]), batch=1)[0], side.table[13, 5])
    with pytest.raises(ReseenError, match=r"camera out of range: expected 0 to 19, or -1 for unknown, got 20"):
        model(images, torch.tensor([20, 1]), torch.tensor([0, 0]))


def test_a_coefficient_of_0_leaves_the_side_information_out(images, tmp_path):
    public = released(parts=4, stride=16)
    model = imported(public, tmp_path, "shift=8", "heads=2", "coefficient=0.0")
    assert model.backbone.body.side is None
    with torch.no_grad():
        torch.testing.assert_close(model(images).embedding, public(images, 0, coefficient=0.0)[0], rtol=1e-4, atol=1e-5)


def test_persons_are_shifted_by_5_and_have_cameras_alone(tmp_path):
    public = released(parts=4, stride=16, rows=6, size=(64, 32))
    model = imported(public, tmp_path, "heads=2", image_size=(64, 32))
    assert model.backbone.side_information == (tuple("123456"), ())
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        feature, *_ = public(images, 3, shift=5)
        embedding = model(images, torch.tensor([3, 3])).embedding
    torch.testing.assert_close(embedding, feature, rtol=1e-4, atol=1e-5)


def test_another_image_size_resamples_the_positions_when_asked(tmp_path):
    state = released(parts=0, stride=12, rows=0, size=(256, 128)).state_dict()
    own = transreid_release(state, with_head=True, image_size=None, heads=2)
    assert (own.image_size, own.model["stride"], own.recipe) == ((256, 128), 12, "transreid-baseline-market1501")
    larger = transreid_release(state, with_head=True, image_size=(256, 256), heads=2)
    positions = larger.tensors["backbone.body.pos_embed"]
    assert positions.shape == (1, 1 + 21 * 21, WIDTH)
    grid = state["base.pos_embed"][:, 1:].reshape(1, 21, 10, WIDTH).permute(0, 3, 1, 2)
    wanted = nn.functional.interpolate(grid, size=(21, 21), mode="bilinear").flatten(2).transpose(1, 2)
    torch.testing.assert_close(positions[:, 1:], wanted)
    assert torch.equal(positions[:, 0], state["base.pos_embed"][:, 0])


def test_an_imported_network_is_carried_to_another_image_size(tmp_path):
    model = imported(released(parts=4, stride=16, rows=0), tmp_path, "heads=2")
    carried = reseen.set_input_size(model, image_size=(96, 64)).eval()
    assert carried(torch.randn(1, 3, 96, 64)).embedding.shape == (1, 5 * WIDTH)
    assert carried.backbone.feature_map == (WIDTH, 6, 4)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"fc.weight": 1, "a": 1, "b": 1, "c": 1}, {}, r"4 names unknown to it \(fc.weight, a, b\)"),
        ({"base.pos_embed": None}, {}, r"1 missing \(base.pos_embed\)"),
        ({}, {"cameras": 7}, r"160 rows, which are no product of cameras and views with cameras=7"),
        ({"base.sie_embed": 12}, {}, r"12 rows: say for how many .* by the options cameras and views"),
        (
            {},
            {"image_size": (96, 48)},
            r"base.pos_embed has 16 positions, and neither 256 x 256 nor 256 x 128 nor 96 x 48",
        ),
        ({"base.pos_embed": 5}, {"image_size": (32, 32)}, r"4 positions fit .* say which by the option stride"),
        ({}, {"heads": None}, r"no ViT by name is 32 wide: say into how many heads by the option heads"),
        (
            {"base.pos_embed": 25},
            {"image_size": (64, 96), "stride": 16},
            r"JPM's shift cannot be read: .* option shift",
        ),
    ],
)
def test_what_a_file_cannot_tell_is_asked_for_in_one_line(changes, options, message):
    state = dict(released(parts=4, stride=16).state_dict())
    for name, change in changes.items():
        if change is None:
            del state[name]
        elif name == "base.sie_embed":
            state[name] = torch.zeros(change, 1, WIDTH)
        else:
            state[name] = torch.zeros(1, change, WIDTH)
    with pytest.raises(ReseenError, match=message):
        transreid_release(state, **{"with_head": True, "image_size": SIZE, "heads": 2, **options})


def test_without_the_head_the_classifiers_alone_are_left_out():
    state = released(parts=4, stride=16).state_dict()
    ours = transreid_release(state, with_head=False, image_size=SIZE, heads=2)
    assert ours.num_identities is None
    assert not any(name.startswith("classifiers") for name in ours.tensors)
    assert "necks.4.norm.weight" in ours.tensors


@pytest.mark.parametrize(
    ("recipe", "identities", "sides", "count"),
    [
        ("transreid-veri776", 576, (20, 8), 103_277_032),
        ("transreid-market1501", 751, (6, 0), 103_653_352),
        ("transreid-msmt17", 1041, (15, 0), 104_773_864),
    ],
)
def test_parameters_are_those_of_the_release_less_what_it_does_not_use(recipe, identities, sides, count):
    names = tuple(tuple(map(str, range(number))) for number in sides)
    with torch.device("meta"):
        model = build_embedder(
            read_recipe(recipe), num_identities=identities, start_weights=False, metadata_names=names
        )
    unused = 7_087_872 + 2 * 768 + 769_000  # block 11, the norm and the classifier of ImageNet
    assert sum(parameter.numel() for parameter in model.parameters()) + unused == count
    assert model.width == 3840
