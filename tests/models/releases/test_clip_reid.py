"""Checkpoints laid out as CLIP-ReID's, computed as CLIP is published, against the imported model."""

from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn

import reseen
from reseen.backbones import build_backbone, set_input_size
from reseen.engine.checkpoint import load_card
from reseen.errors import ReseenError
from reseen.models.heads import HEADS
from reseen.models.releases.clip_reid import clip_reid
from reseen.tasks.reid.releases import import_weights

SIZE = (64, 32)
IDENTITIES = 5
ENCODER = "image_encoder."
GIVEN = {"image_size": SIZE, "options": ("cameras=3", "views=2", "coefficient=3.0")}


class QuickGELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    """A residual attention block; tokens come first, then images."""

    def __init__(self) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(768), nn.LayerNorm(768)
        self.attn = nn.MultiheadAttention(768, 12)
        layers = [("c_fc", nn.Linear(768, 3072)), ("gelu", QuickGELU()), ("c_proj", nn.Linear(3072, 768))]
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln_1(x)
        x = x + self.attn(y, y, y)[0]
        return x + self.mlp(self.ln_2(x))


class ViT(nn.Module):
    """CLIP's image encoder with the rows of cameras and views on the class token."""

    def __init__(self, *, stride: int = 16, blocks: int = 2, size: tuple[int, int] = SIZE) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 768, 16, stride=stride, bias=False)
        count = ((size[0] - 16) // stride + 1) * ((size[1] - 16) // stride + 1)
        self.class_embedding = nn.Parameter(torch.randn(768))
        self.positional_embedding = nn.Parameter(torch.randn(count + 1, 768))
        self.ln_pre, self.ln_post = nn.LayerNorm(768), nn.LayerNorm(768)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.Sequential(*(Block() for _ in range(blocks)))
        self.proj = nn.Parameter(torch.randn(768, 512) / 768**0.5)

    def forward(self, images: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.conv1(images).flatten(2).transpose(1, 2)
        x = torch.cat([(self.class_embedding + rows)[:, None], x], dim=1) + self.positional_embedding
        x = self.ln_pre(x).transpose(0, 1)
        x11 = self.transformer.resblocks[:-1](x)
        x12 = self.ln_post(self.transformer.resblocks[-1](x11).transpose(0, 1))
        return x11[0], x12[:, 0], (x12 @ self.proj)[:, 0]


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.stride, self.downsample = stride, None
        if stride > 1 or inputs != 4 * width:
            conv, norm = nn.Conv2d(inputs, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
            self.downsample = nn.Sequential(OrderedDict([("-1", nn.AvgPool2d(stride)), ("0", conv), ("1", norm)]))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()
        y = self.bn3(self.conv3(nn.functional.avg_pool2d(y, self.stride)))
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class Pool(nn.Module):
    def __init__(self, positions: int) -> None:
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.randn(positions + 1, 2048) / 2048**0.5)
        self.k_proj, self.q_proj, self.v_proj = (nn.Linear(2048, 2048) for _ in range(3))
        self.c_proj = nn.Linear(2048, 1024)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(2).permute(2, 0, 1)
        x = torch.cat([x.mean(0, keepdim=True), x]) + self.positional_embedding[:, None]
        heads = [part(x).unflatten(2, (32, 64)) for part in (self.q_proj, self.k_proj, self.v_proj)]
        weights = (torch.einsum("nbhc,mbhc->bhnm", heads[0], heads[1]) / 8).softmax(-1)
        return self.c_proj(torch.einsum("bhnm,mbhc->nbhc", weights, heads[2]).flatten(2))[0]


class ResNet(nn.Module):
    """CLIP's modified ResNet-50, its last stride 1."""

    def __init__(self, positions: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32)
        self.conv2, self.bn2 = nn.Conv2d(32, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32)
        self.conv3, self.bn3 = nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64)
        inputs = 64
        for number, (count, width, stride) in enumerate(((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 1)), start=1):
            later = [Bottleneck(4 * width, width, 1) for _ in range(count - 1)]
            self.add_module(f"layer{number}", nn.Sequential(Bottleneck(inputs, width, stride), *later))
            inputs = 4 * width
        self.attnpool = Pool(positions)

    def forward(self, images: Tensor, _: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = images
        for number in (1, 2, 3):
            x = self.get_submodule(f"bn{number}")(self.get_submodule(f"conv{number}")(x)).relu()
        x = nn.functional.avg_pool2d(x, 2)
        x3 = self.layer3(self.layer2(self.layer1(x)))
        x4 = self.layer4(x3)
        return x3.mean((2, 3)), x4.mean((2, 3)), self.attnpool(x4)


class Release(nn.Module):
    """The public model's tree, with the parts that only taught it."""

    def __init__(self, encoder: nn.Module, widths: tuple[int, int], *, rows: int = 0) -> None:
        super().__init__()
        self.image_encoder = encoder
        self.bottleneck, self.bottleneck_proj = (nn.BatchNorm1d(width) for width in widths)
        self.classifier, self.classifier_proj = (nn.Linear(width, IDENTITIES, bias=False) for width in widths)
        if rows:
            self.cv_embed = nn.Parameter(torch.randn(rows, 768))
        self.prompt_learner, self.text_encoder = nn.Module(), nn.Module()
        self.prompt_learner.cls_ctx = nn.Parameter(torch.randn(IDENTITIES, 4, 8))
        self.text_encoder.text_projection = nn.Parameter(torch.randn(8, 8))
        for part in self.modules():
            if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
                part.running_mean.uniform_(-0.2, 0.2)
                part.running_var.uniform_(0.8, 1.2)
        self.eval()

    @torch.no_grad()
    def forward(self, images: Tensor, rows: Tensor | float = 0.0) -> tuple[Tensor, list[Tensor]]:
        """The test feature and the logits."""
        _, first, second = self.image_encoder(images, torch.as_tensor(rows))
        logits = [
            self.classifier(self.bottleneck(first)),
            self.classifier_proj(self.bottleneck_proj(second)),
        ]
        return torch.cat([first, second], dim=1), logits


@pytest.fixture(scope="module")
def release() -> Release:
    torch.manual_seed(0)
    return Release(ViT(), (768, 512), rows=6)


@pytest.fixture(scope="module")
def tensors(release) -> dict[str, Tensor]:
    return dict(release.state_dict())


def imported(tensors, tmp_path, **given):
    torch.save(tensors, tmp_path / "release.pt")
    said = import_weights("clip-reid", tmp_path / "release.pt", tmp_path / "ours.safetensors", **given)
    return said, reseen.load_model(tmp_path / "ours.safetensors")


def assert_same(model, images, theirs, *, cameras=None, views=None) -> None:
    feature, logits = theirs
    with torch.no_grad():
        output = model(images, cameras, views)
    torch.testing.assert_close(output.embedding, feature, rtol=1e-4, atol=1e-4)
    for our, their in zip(output.logits, logits, strict=True):
        torch.testing.assert_close(our, their, rtol=1e-4, atol=1e-4)


def test_the_imported_vit_computes_what_the_release_does(release, tensors, tmp_path):
    wrapped = {"state_dict": {f"module.{name}": tensor for name, tensor in tensors.items()}}
    said, model = imported(wrapped, tmp_path, **GIVEN)
    assert sorted(said.left_out) == ["prompt_learner.cls_ctx", "text_encoder.text_projection"]
    assert load_card(tmp_path / "ours.safetensors").camera_names == ["1", "2", "3"]
    images = torch.randn(2, 3, *SIZE)
    cameras, views = torch.tensor([2, 0]), torch.tensor([0, 1])
    theirs = release(images, 3.0 * release.cv_embed[cameras * 2 + views])
    assert_same(model, images, theirs, cameras=cameras, views=views)
    assert_same(model, images, release(images, torch.zeros(2, 768)))
    unknown = torch.tensor([-1, 0])
    theirs = release(images, 3.0 * release.cv_embed[cameras * 2 + views] * torch.tensor([[0.0], [1.0]]))
    assert_same(model, images, theirs, cameras=unknown, views=views)


def test_overlapping_patches_without_cameras_are_read_from_the_positions(tmp_path):
    torch.manual_seed(0)
    release = Release(ViT(stride=12), (768, 512))
    said, model = imported(release.state_dict(), tmp_path, image_size=SIZE)
    assert (said.model["stride"], said.camera_names) == (12, ())
    images = torch.randn(1, 3, *SIZE)
    assert_same(model, images, release(images, torch.zeros(1, 768)))


def test_the_imported_resnet_computes_what_the_release_does(tmp_path):
    torch.manual_seed(0)
    release = Release(ResNet(8), (2048, 1024), rows=6)
    said, model = imported(release.state_dict(), tmp_path, image_size=SIZE)
    assert "cv_embed" in said.left_out
    images = torch.randn(2, 3, *SIZE)
    assert_same(model, images, release(images))
    assert set_input_size(model, image_size=(96, 64))(torch.randn(1, 3, 96, 64)).embedding.shape == (1, 3072)


@pytest.mark.parametrize(
    ("positions", "stride", "size"), [(128, 16, (256, 128)), (210, 12, (256, 128)), (441, 12, (256, 256))]
)
def test_image_size_and_stride_follow_from_the_number_of_positions(tensors, positions, stride, size):
    longer = tensors | {f"{ENCODER}positional_embedding": torch.zeros(positions + 1, 768)}
    said = clip_reid(longer, with_head=True, image_size=None, cameras=6, coefficient=1.0)
    assert (said.image_size, said.model["stride"], said.model["coefficient"]) == (size, stride, 1.0)


def test_cameras_are_named_as_the_data_sets_with_so_many_are_read(tensors):
    known = {"with_head": True, "image_size": SIZE, "coefficient": 1.0}
    veri = clip_reid(tensors | {"cv_embed": torch.zeros(160, 768)}, **known)
    assert (veri.camera_names[13], veri.view_names) == ("014", tuple("01234567"))
    market = clip_reid(tensors, **known)
    assert (market.camera_names, market.view_names) == (tuple("123456"), ())
    assert clip_reid(tensors, views=1, **known).view_names == (), "one view tells nothing apart: it need not be given"
    msmt17 = clip_reid(tensors | {"cv_embed": torch.zeros(15, 768)}, **known)
    assert (msmt17.camera_names[0], msmt17.camera_names[14]) == ("01", "15")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"has 8 positions, which images of 256 x 128 or 256 x 256 do not give: give the --image-size"),
        ({"image_size": (96, 32)}, r"8 positions, which images of 96 x 32 do not give: .* --set resample=true"),
        ({"image_size": SIZE, "options": ()}, r"does not hold the coefficient .*: give --set coefficient=1\.0"),
        (GIVEN | {"options": ("cameras=4", "coefficient=1.0")}, r"has 6 rows, not 4 cameras x 1 views: give --set"),
        (GIVEN | {"options": ("shift=8",)}, r"no setting 'shift'"),
        (GIVEN | {"num_identities": 9}, r"its head knows 5 identities, expected 9"),
    ],
)
def test_what_the_tensors_do_not_tell_is_asked_for_in_one_line(tensors, tmp_path, given, message):
    with pytest.raises(ReseenError, match=message):
        imported(tensors, tmp_path, **given)


@pytest.mark.parametrize("options", [("cameras=1", "views=1"), ("cameras=1",), ("views=1",), ()])
def test_a_single_row_is_on_every_image_whether_its_camera_is_known_or_not(release, tensors, tmp_path, options):
    one = tensors | {"cv_embed": torch.randn(1, 768)}
    said, model = imported(one, tmp_path, image_size=SIZE, options=("coefficient=2.0", *options))
    assert (said.camera_names, said.view_names, said.model["coefficient"]) == ((), (), None)
    images, zeros = torch.randn(2, 3, *SIZE), torch.zeros(2, dtype=torch.long)
    theirs = release(images, 2.0 * one["cv_embed"].expand(2, -1))
    assert_same(model, images, theirs, cameras=zeros, views=zeros)
    assert_same(model, images, theirs)


def test_cameras_alone_have_a_row_each(release, tensors, tmp_path):
    _, model = imported(tensors, tmp_path, image_size=SIZE, options=("cameras=6", "coefficient=1.0"))
    images, cameras = torch.randn(2, 3, *SIZE), torch.tensor([5, 1])
    theirs = release(images, release.cv_embed[cameras])
    assert_same(model, images, theirs, cameras=cameras)
    assert_same(model, images, theirs, cameras=cameras, views=torch.tensor([3, 0]))


def test_strange_missing_and_foreign_tensors_are_refused_by_name(tensors, tmp_path):
    strange = tensors | {f"{ENCODER}extra.{number}": torch.zeros(1) for number in range(4)}
    with pytest.raises(ReseenError, match=r"4 unknown names \(image_encoder\.extra\.0, .*\.1, .*\.2\)$"):
        imported(strange, tmp_path, **GIVEN)
    fewer = {name: tensor for name, tensor in tensors.items() if name != f"{ENCODER}ln_post.bias"}
    with pytest.raises(ReseenError, match=r"1 missing \(backbone\.body\.norm\.bias\)"):
        imported(fewer, tmp_path, **GIVEN)
    with pytest.raises(ReseenError, match=r"no released CLIP-ReID checkpoint: .*it looks like rga-release"):
        imported({"backbone.rga_att1.theta_spatial.0.weight": torch.zeros(1)}, tmp_path)
    with pytest.raises(ReseenError, match=r"has no embedding of cameras that is used"):
        imported({name: tensor for name, tensor in tensors.items() if name != "cv_embed"}, tmp_path, **GIVEN)


def test_a_file_for_inference_has_no_classifiers(release, tensors, tmp_path):
    kept = {name: tensor for name, tensor in tensors.items() if name.startswith((ENCODER, "bottleneck", "cv_embed"))}
    with pytest.raises(ReseenError, match=r"has no whole head \(classifier\.weight\): import it without the head"):
        imported(kept, tmp_path, **GIVEN)
    _, model = imported(kept, tmp_path, with_head=False, **GIVEN)
    images = torch.randn(1, 3, *SIZE)
    assert_same(model, images, (release(images, torch.zeros(1, 768))[0], []))


def test_positions_are_resampled_to_another_size_when_asked(tensors, tmp_path):
    longer = torch.randn(129, 768)
    options = (*GIVEN["options"], "resample=true")
    given = {"image_size": (384, 128), "options": options}
    _, model = imported(tensors | {f"{ENCODER}positional_embedding": longer}, tmp_path, **given)
    assert model.backbone.body.pos_embed.shape == (1, 24 * 8 + 1, 768)
    torch.testing.assert_close(model.backbone.body.pos_embed[0, 0], longer[0])
    with pytest.raises(ReseenError, match=r"camera out of range: expected 0 to 2, or -1 for unknown, got 3"):
        model(torch.randn(1, 3, 384, 128), torch.tensor([3]), torch.tensor([0]))


@pytest.mark.parametrize(
    ("name", "size", "projected", "count"),
    [
        ("clip_vit_b16", (256, 128), 512, 86_140_416),
        ("clip_vit_b16", (256, 256), 512, 86_238_720),
        ("clip_resnet50", (256, 128), 1024, 38_478_688),
    ],
)
def test_the_encoders_have_as_many_parameters_as_published(name, size, projected, count):
    with torch.device("meta"):
        backbone = build_backbone(name, image_size=size)
        model = HEADS["clip"](backbone=backbone, num_identities=None, projected=projected)
    assert sum(one.numel() for part in (model.backbone, model.parts) for one in part.parameters()) == count
