"""Shared by all tests: one thread, tiny drawn images, finished runs of a tiny recipe, commands in this process."""

import gc
import shutil
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import sync_playwright

import narrow_resnets  # noqa: F401 - its networks, by name
from chromium import find
from reseen.cli import main
from reseen.engine.checkpoint import Card, save_weights
from reseen.engine.pretrained import resolved
from reseen.engine.run import Run
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import read_recipe
from shared import made_once


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """No search for garbage while modules are imported, nor ever again among the millions of objects they leave.

    Then it is searched for a tenth as often: a full search takes as long as many a test.
    """
    gc.disable()
    collected = yield
    gc.freeze()
    gc.set_threshold(7000)
    gc.enable()
    return collected


def pytest_unconfigure() -> None:
    """What was kept from the search for garbage may go, so that no library calls it leaked."""
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first, so that none is left alone at the end while other cores wait."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests were skipped, reason by reason, where the eye falls last."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", []))
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Before anything is made that is shared, so that it is made as it is made again."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _one_seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Headless Chromium, driven by Playwright."""
    found = find()
    if found is None:
        pytest.skip("no browser; 'make browser' brings one where it can")
    with sync_playwright() as playwright:
        # The pages are ours, and root may not use Chromium's sandbox.
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


def draw_image(identity: int, shot: int, *, size: int = 32) -> Image.Image:
    """An identity has its own stripes; a shot shifts them and adds noise."""
    own = np.random.default_rng(identity).integers(0, 256, size=(size, 1, 3))
    noise = np.random.default_rng((identity, shot)).normal(0, 12, size=(size, size, 3))
    striped = np.roll(np.broadcast_to(own, (size, size, 3)), shot % 3, axis=0)
    return Image.fromarray((striped + noise).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def image() -> Callable[..., Image.Image]:
    """`draw_image`, for tests that lay out files of their own."""
    return draw_image


def write_market(root: Path, *, train: int = 6, test: int = 3, shots: int = 4) -> Path:
    """A Market-1501 folder: 6 training identities, 3 test identities, two cameras, tiny JPEGs."""
    for identity in range(1, train + test + 1):
        for shot in range(shots):
            camera = shot % 2 + 1
            file = f"{identity:04d}_c{camera}s1_{shot:06d}_01.jpg"
            folder = "bounding_box_train" if identity <= train else "bounding_box_test"
            if identity > train and shot < 2:
                folder = "query" if shot == 0 else folder
            (root / folder).mkdir(parents=True, exist_ok=True)
            draw_image(identity, shot).save(root / folder / file, quality=95)
    return root


@pytest.fixture
def market(tmp_path: Path) -> Callable[..., Path]:
    """`write_market` at a name in the test's own folder."""

    def make(name: str = "market", **sizes: int) -> Path:
        return write_market(tmp_path / name, **sizes)

    return make


TINY_RECIPE = """
seed = 3

[data]
image_size = [32, 32]
workers = 0

[model]
backbone = "test_resnet.r160_in1k"

[sampler]
identities = 3
images = 2

[transforms]
pad_crop = { padding = 2 }
flip = {}
random_erasing = {}

[losses]
cross_entropy = { label_smoothing = 0.1 }
triplet = { margin = 0.3 }

[optimizer]
name = "adam"
learning_rate = 1e-3

[schedule]
name = "cosine"

[training]
epochs = 2
warmup = { epochs = 0.5, start = 0.1 }

[hardware]
accelerator = "cpu"
"""


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    """A recipe that trains in a second."""
    path = tmp_path / "tiny.toml"
    path.write_text(TINY_RECIPE)
    return path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of the tiny recipe on one set, seeds 3 and 4, evaluated; to be copied by who changes them."""
    from reseen.tasks.reid.evaluate import evaluate_run
    from reseen.tasks.reid.train import train

    def make(root: Path) -> None:
        data, recipe = write_market(root / "data"), root / "tiny.toml"
        recipe.write_text(TINY_RECIPE)
        torch.manual_seed(0)
        for seed in (3, 4):
            train(str(recipe), data=data, out=root / f"seed-{seed}", overrides=[f"seed={seed}", "training.epochs=1"])
            evaluate_run(root / f"seed-{seed}")

    root = made_once(tmp_path_factory, "finished", make)
    return root / "seed-3", root / "seed-4"


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the tiny recipe over both its epochs, scored after each; to be copied by who changes it."""
    from reseen.tasks.reid.train import train

    def make(root: Path) -> None:
        (root / "tiny.toml").write_text(TINY_RECIPE)
        data = write_market(root / "market")
        train(root / "tiny.toml", data=data, out=root / "run", overrides=["evaluation.every=1"])

    return made_once(tmp_path_factory, "uninterrupted", make) / "run"


@pytest.fixture(scope="session")
def evaluated_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Trains the tiny recipe with overrides, or with other lines for its model, and evaluates it."""
    from reseen.tasks.reid.evaluate import evaluate_run
    from reseen.tasks.reid.train import train

    def made(*overrides: str, model: str = 'backbone = "test_resnet.r160_in1k"') -> Run:
        def make(root: Path) -> None:
            recipe = root / "tiny.toml"
            recipe.write_text(TINY_RECIPE.replace('backbone = "test_resnet.r160_in1k"', model))
            data = write_market(root / "data", test=4)
            evaluate_run(train(recipe, data=data, out=root / "run", overrides=overrides).run)

        # Calibrating writes into it, so each process of the tests has its own copy.
        name = f"evaluated-{zlib.crc32(repr((overrides, model)).encode())}"
        shared = made_once(tmp_path_factory, name, make)
        return Run(shutil.copytree(shared / "run", tmp_path_factory.mktemp("evaluated") / "run"))

    return made


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run as far as an embedder looks at it: the tiny recipe's network, untrained, as best.safetensors.

    Shared by all tests: copy it to change it.
    """

    def make(folder: Path) -> None:
        (folder / "tiny.toml").write_text(TINY_RECIPE)
        recipe = resolved(read_recipe(folder / "tiny.toml"))
        model = build_embedder(recipe, num_identities=3, start_weights=False)
        card = Card(recipe.model_dump(mode="json", exclude_none=True), 3, None)
        save_weights(folder / "best.safetensors", model.state_dict(), card)

    return made_once(tmp_path_factory, "weights", make) / "best.safetensors"


@pytest.fixture
def reseen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run one command: its exit code, what it printed, what it complained."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["reseen", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "120")
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return run
