"""Tiny models whose necks have seen data, pairs of images; a run with attention, and data with masks."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from reseen.backbones import build_backbone
from reseen.models.assemble import BranchConfig, MetadataConfig, multi_branch
from reseen.models.embedder import single_branch
from shared import made_once

SIZE = (64, 64)


def _settled(model: nn.Module) -> nn.Module:
    """Every norm with statistics of its own, as after training: a fresh one would hide what the neck does."""
    for part in model.modules():
        if isinstance(part, nn.BatchNorm1d):
            nn.init.normal_(part.running_mean, mean=0.3, std=0.2)
            nn.init.uniform_(part.running_var, 0.5, 2.0)
            nn.init.uniform_(part.weight, 0.5, 1.5)
    return model.eval()


@pytest.fixture
def single() -> Callable[..., nn.Module]:
    def make(
        pooling: str = "average", *, embedding: str = "necked", whitening: int | None = None, **options: object
    ) -> nn.Module:
        backbone = build_backbone("narrow_resnet10t", image_size=SIZE, **options)
        head = {"pooling": pooling, "embedding": embedding, "whitening": whitening}
        model = single_branch(backbone, num_identities=None, **head)
        if whitening is not None:
            nn.init.normal_(model.whitening.mean, std=0.05)
            nn.init.normal_(model.whitening.projection)
        return _settled(model)

    return make


@pytest.fixture
def branched() -> Callable[..., nn.Module]:
    """Branches of different map sizes: 2 x 2 and 4 x 4."""

    def make(*, metadata: bool = False, size: int = 64) -> nn.Module:
        lines = [BranchConfig(kind, "both") for kind in ("bottleneck", "hca", "bot")]
        table = MetadataConfig(("c1", "c2"), ()) if metadata else None
        backbone = build_backbone("narrow_resnet26", image_size=(size, size))
        model = multi_branch(backbone, lines, num_identities=None, metadata=table)
        if metadata:
            nn.init.normal_(model.metadata.table)
        return _settled(model)

    return make


@pytest.fixture
def images() -> torch.Tensor:
    """(6, 3, 64, 64): three queries and their matches."""
    return torch.randn(6, 3, *SIZE, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="session")
def attended(finished: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the tiny recipe with RGA, evaluated; to be copied by who changes it."""
    from reseen.tasks.reid.evaluate import evaluate_run
    from reseen.tasks.reid.train import train

    def make(root: Path) -> None:
        attention = 'model.attention.stage2={name="rga_sc",gate_reduction=2}'
        data = Path(json.loads((finished[0] / "data.json").read_text())["path"])
        torch.manual_seed(0)
        recipe, out = str(data.parent / "tiny.toml"), root / "rga"
        train(recipe, data=data, out=out, overrides=["training.epochs=1", attention])
        evaluate_run(out)

    return made_once(tmp_path_factory, "attended", make) / "rga"


@pytest.fixture
def masked(finished: tuple[Path, Path], tmp_path: Path) -> Path:
    """The data of the finished runs with masks: a square whose place is its identity's; 7 and 8 are twins."""
    return _write_masked(finished[0], tmp_path / "masked")


@pytest.fixture(scope="session")
def masked_to_read(finished: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`masked`, once for all tests that change nothing in it."""
    return _write_masked(finished[0], tmp_path_factory.mktemp("masked") / "masked")


def _write_masked(run: Path, root: Path) -> Path:
    shutil.copytree(json.loads((run / "data.json").read_text())["path"], root)
    for image in sorted(root.glob("*/*.jpg")):
        corner = 3 * (int(image.name[:4]) - 4)
        pixels = np.zeros((32, 32), dtype=bool)
        pixels[corner : corner + 6, 20:28] = True
        mask = root / "masks" / image.parent.name / f"{image.stem}.png"
        mask.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(mask)
    (root / "synth.json").write_text(json.dumps({"twin_pairs": [["0007", "0008"]]}))
    return root
