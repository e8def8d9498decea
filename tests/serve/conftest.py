"""A small gallery being served: six individuals before two cameras, and who searches it."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from threading import Thread

import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from reseen.deploy.facts import LoadedNetwork
from reseen.deploy.loading import load_network
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.serve.app import create_app
from reseen.serve.middleware.limits import Limits
from reseen.serve.server import address_of, listening, server_of
from shared import made_once

THRESHOLD = 0.9
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def as_bytes(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


@pytest.fixture
def encoded() -> Callable[..., bytes]:
    """An image as a file's bytes."""
    return as_bytes


@pytest.fixture(scope="session")
def loaded(weights_file: Path, tmp_path_factory: pytest.TempPathFactory) -> LoadedNetwork:
    """The tiny network with a calibration beside it."""
    folder = tmp_path_factory.mktemp("calibrated")
    shutil.copy(weights_file, folder)
    search = {"threshold": THRESHOLD, "records": 24, "doubling": 0.01}
    (folder / "calibration.json").write_text(json.dumps({"threshold": 0.8, "identification": search}))
    return load_network(folder / weights_file.name)


@pytest.fixture(scope="session")
def filled(loaded: LoadedNetwork, image: Callable[..., Image.Image], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of 24 records: identity and shot in the reference, an hour from one to the next; to be copied."""
    records = [
        Record(
            picture=as_bytes(image(identity, shot)),
            reference=f"{identity}-{shot}",
            identity=f"individual {identity}",
            camera=f"gate {shot % 2 + 1}",
            time=START + timedelta(hours=4 * identity + shot),
            fields={"lane": float(shot), "colour": "red" if identity < 3 else "blue"},
        )
        for identity in range(6)
        for shot in range(4)
    ]

    def make(folder: Path) -> None:
        Gallery(folder / "gates", embedder=Embedder(loaded), create=True).add(records)

    return made_once(tmp_path_factory, "served-gallery", make) / "gates"


@pytest.fixture
def gallery(loaded: LoadedNetwork, filled: Path, tmp_path: Path) -> Gallery:
    """`filled`, in the test's own folder."""
    return Gallery(shutil.copytree(filled, tmp_path / "gates"), embedder=Embedder(loaded))


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    with listening("127.0.0.1", 0) as listener:
        server = server_of(app)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield address_of(listener)
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def served() -> Callable[[FastAPI], AbstractContextManager[str]]:
    """Serves an application on a free port within a block, and says at which address."""
    return running


@pytest.fixture
def client(gallery: Gallery, loaded: LoadedNetwork) -> Iterator[TestClient]:
    """Asks a service without a token, from this machine, as often as it likes."""
    app = create_app(gallery, limits=Limits(rate=1e6), network=loaded.network)
    with TestClient(app, base_url="http://localhost") as asking:
        yield asking


# Contrast as WCAG 2 defines it, of each text that lies on a plain colour.
CONTRASTS = """
() => {
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(part => part / 255)
    .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter(element => !element.matches(".go, option") &&
    [...element.childNodes].some(node => node.nodeType == 3 && node.data.trim()) && element.checkVisibility());
  return texts.map(element => {
    const [ink, paper] = [numbers(getComputedStyle(element).color), behind(element)].map(luminance);
    return [element.textContent.slice(0, 40), (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
  });
}
"""


@pytest.fixture(scope="session")
def contrasts() -> str:
    """A function in JavaScript: each text that is seen, with the ratio of its contrast."""
    return CONTRASTS
