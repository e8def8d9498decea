"""HRCN's checkpoints: a network with its names, written from its description, goes in; ours gives the same feature."""

import pytest
import timm
import torch
from torch import Tensor, nn

import reseen
from reseen.backbones.ibn import put_ibn_a
from reseen.errors import ReseenError
from reseen.tasks.reid.releases import import_weights

SIZE, WIDTH = (64, 64), 64
"""Of images, whose last map is 4 x 4; of the last stage's nodes."""
FINAL = [WIDTH // share for share in (2, 4, 4, 2, 4, 4, 4, 4, 2, 2)]


def convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs), nn.ReLU())


class Heads(nn.Module):
    """The head by the release's names."""

    def __init__(self, identities: int) -> None:
        super().__init__()
        channels, widths, nodes = (512, 1024, 2048), (WIDTH // 4, WIDTH // 2, WIDTH), (3, 4, 4, 6)
        stages = list(zip(channels, widths, strict=True))
        self.align_multilevel_layers = nn.ModuleList(
            nn.ModuleList(convolution(c, w) for _ in range(3)) for c, w in stages
        )
        self.multilevel_bns = nn.ModuleList(nn.ModuleList(nn.BatchNorm2d(w) for _ in range(3)) for w in widths)
        self.align_lower_layers = nn.ModuleList(
            [convolution(3 * widths[0], widths[1]), convolution(4 * widths[1], widths[2])]
        )
        self.align_part_layers = nn.ModuleList(convolution(2048, WIDTH) for _ in range(5))
        self.part_bns = nn.ModuleList(nn.BatchNorm2d(WIDTH) for _ in range(5))
        for turn in (1, 2):
            wide = [*widths, WIDTH]
            self.add_module(f"gcn_weight_{turn}", nn.ParameterList(torch.randn(w, w) / w**0.5 for w in wide))
            self.add_module(f"gcn_bias_{turn}", nn.ParameterList(torch.randn(w) / 10 for w in wide))
            self.add_module(f"gcn_bn_{turn}", nn.ModuleList(nn.BatchNorm1d(n) for n in nodes))
        self.feat_layers = nn.ModuleList(convolution(WIDTH, out) for out in FINAL)
        self.last_bn = nn.BatchNorm1d(sum(FINAL))
        self.global_classifier = nn.Linear(sum(FINAL), identities, bias=False)

    def graph(self, x: Tensor, number: int) -> Tensor:
        whole = []
        for one in x:  # image by image and entry by entry
            count = len(one)
            edges = torch.tensor([[float(a @ b) / one.shape[1] for b in one] for a in one])
            edges = torch.where(edges > 0.001, edges, torch.zeros(()))
            edges = edges / edges.abs().sum(dim=1, keepdim=True).clamp(min=1e-12) + torch.eye(count)
            root = torch.diag(edges.sum(dim=1) ** -0.5)
            whole.append(root @ edges @ root)
        edges = torch.stack(whole)
        for turn in (1, 2):
            weight, bias = (getattr(self, f"gcn_{kind}_{turn}")[number] for kind in ("weight", "bias"))
            x = x + getattr(self, f"gcn_bn_{turn}")[number](edges @ x @ weight + bias).relu()
        return x

    def forward(self, maps: list[list[Tensor]]) -> Tensor:
        lower = None
        for stage, of_stage in enumerate(maps):
            nodes = [] if lower is None else [self.align_lower_layers[stage - 1](lower)[..., 0, 0].relu()]
            for j, one in enumerate(of_stage[-3:]):
                pooled = self.align_multilevel_layers[stage][j](one).mean(dim=(2, 3), keepdim=True)
                nodes.append(self.multilevel_bns[stage][j](pooled)[..., 0, 0].relu())
            related = self.graph(torch.stack(nodes, dim=1), stage)
            lower = related.flatten(1)[..., None, None]
        last = maps[-1][-1]
        height, width = last.shape[2:]
        regions = []
        for radius in range(1, 5):
            mask = torch.zeros(height, width)
            for y in range(height):
                for x in range(width):
                    inside = (y - (height - 1) / 2) ** 2 + (x - (width - 1) / 2) ** 2
                    mask[y, x] = float(inside <= (radius * min(height, width) / 8) ** 2)
            regions.append(last * mask)
        regions.append(last)
        nodes = [
            bn(align(one).mean(dim=(2, 3), keepdim=True))[..., 0, 0].relu()
            for one, align, bn in zip(regions, self.align_part_layers, self.part_bns, strict=True)
        ]
        parts = self.graph(torch.stack([*nodes, related[:, -1]], dim=1), 3)
        vectors = [*related.unbind(1), *parts.unbind(1)]
        reduced = zip(self.feat_layers, vectors, strict=True)
        return torch.cat([layer(vector[..., None, None])[..., 0, 0] for layer, vector in reduced], dim=1)


class Public(nn.Module):
    """The whole network."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = timm.create_model("resnet50", num_classes=0)
        put_ibn_a(self.backbone)
        self.backbone.layer4[0].conv2.stride = self.backbone.layer4[0].downsample[0].stride = (1, 1)
        self.heads = Heads(5)

    def forward(self, images: Tensor) -> Tensor:
        body = self.backbone
        maps, stages = body.layer1(body.maxpool(body.act1(body.bn1(body.conv1(images))))), []
        for stage in (body.layer2, body.layer3, body.layer4):
            stages.append([])
            for block in stage:
                maps = block(maps)
                stages[-1].append(maps)
        return self.heads(stages)


@pytest.fixture(scope="module")
def public() -> Public:
    torch.manual_seed(0)
    network = Public()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.normal_(part.running_mean, std=0.1)
    with torch.no_grad():  # small enough that some edges are weak
        network.heads.part_bns[0].weight.mul_(1e-3)
    return network.eval()


def test_the_imported_network_gives_the_releases_feature_and_logits(public, tmp_path):
    pixels = {"pixel_mean": torch.full((1, 3, 1, 1), 127.5), "pixel_std": torch.full((1, 3, 1, 1), 51.0)}
    torch.save({"model": {**public.state_dict(), **pixels}}, tmp_path / "hrcn.pth")
    released = import_weights("hrcn", tmp_path / "hrcn.pth", tmp_path / "out.safetensors", image_size=SIZE)
    assert released.data == {"mean": [0.5] * 3, "std": [0.2] * 3}
    images = torch.rand(2, 3, *SIZE)
    with torch.no_grad():
        output, expected = reseen.load_model(tmp_path / "out.safetensors")(images), public(images)
        logits = public.heads.global_classifier(public.heads.last_bn(expected))
    torch.testing.assert_close(output.embedding, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(output.logits[0], logits, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: {**tensors, "heads.cats": torch.zeros(1)}, r"unknown names heads\.cats \(1 in all\)"),
        (lambda tensors: {n: t for n, t in tensors.items() if "gcn_bias_2.3" not in n}, "1 missing"),
    ],
)
def test_a_file_with_other_names_is_refused(public, tmp_path, change, message):
    torch.save(change(public.state_dict()), tmp_path / "hrcn.pth")
    with pytest.raises(ReseenError, match=message):
        import_weights("hrcn", tmp_path / "hrcn.pth", tmp_path / "out.safetensors", image_size=SIZE)
    assert not (tmp_path / "out.safetensors").exists()


def test_parameters_are_those_of_the_release():
    from reseen.tasks.reid.build import build_embedder
    from reseen.tasks.reid.recipe import read_recipe

    with torch.device("meta"):
        model = build_embedder(read_recipe("hrcn-veri776"), num_identities=576, start_weights=False)
    counted = {name: parameter.numel() for name, parameter in model.named_parameters()}
    assert sum(counted.values()) == 55_406_468
    head = sum(count for name, count in counted.items() if not name.startswith("backbone."))
    assert head == 29_834_052 + 3584 * 576
