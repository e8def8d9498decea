"""What takes longer than an image may: writes are waited for, what is given up does not pile up."""

import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from time import sleep
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
from reseen.serve import service
from reseen.serve.app import create_app
from reseen.serve.middleware.limits import Limits
from waiting import until

SECONDS = 0.3


@pytest.fixture
def slow_gallery(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> Gallery:
    """Adding and forgetting take thrice the time that an answer may."""

    def slowed(real: Callable[..., Any]) -> Callable[..., Any]:
        def slow(*given: Any, **more: Any) -> Any:
            sleep(3 * SECONDS)
            return real(*given, **more)

        return slow

    for name in ("add", "forget"):
        monkeypatch.setattr(gallery, name, slowed(getattr(gallery, name)))
    return gallery


def test_a_write_that_outlasts_the_deadline_still_answers_truly(slow_gallery, image, encoded):
    app = create_app(slow_gallery, limits=Limits(seconds=SECONDS))
    with TestClient(app, base_url="http://localhost") as asking:
        answer = asking.post("/forget", json={"identity": "individual 1"})
        assert (answer.status_code, answer.json()) == (200, {"forgotten": 4})
        assert len(slow_gallery) == 20
        answer = asking.post("/records?identity=new", content=encoded(image(7, 0)))
        assert answer.status_code == 200
        assert len(slow_gallery) == 21


def test_a_client_that_leaves_does_not_stop_a_write(slow_gallery, served):
    body = json.dumps({"identity": "individual 1"}).encode()
    head = f"POST /forget HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with served(create_app(slow_gallery, limits=Limits(seconds=SECONDS))) as url:
        host, port = url.removeprefix("http://").strip("/").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(head.encode() + b"\r\n\r\n" + body)
            sleep(SECONDS / 3)
        until(lambda: len(slow_gallery) == 20)


def test_proposals_are_read_while_a_forgetting_runs(gallery, monkeypatch):
    begun, go = Event(), Event()

    def forget(**_: Any) -> int:
        begun.set()
        go.wait(20)
        return 0

    monkeypatch.setattr(gallery, "forget", forget)
    app = create_app(gallery, limits=Limits(seconds=5), decide=True)
    with TestClient(app, base_url="http://localhost") as asking, ThreadPoolExecutor(1) as callers:
        forgotten = callers.submit(asking.post, "/forget", json={"identity": "individual 1"})
        try:
            assert begun.wait(10)
            answer = asking.get("/proposals")
            assert (answer.status_code, answer.json()) == (200, {"waiting": 0, "decided": 0, "proposals": []})
            assert not forgotten.done()
        finally:
            go.set()
        assert forgotten.result().status_code == 200


def test_images_that_wait_for_their_explanation_are_not_in_memory(gallery, image, encoded, monkeypatch):
    """One explanation is at work and takes long: of the other images none is decoded, given up or not."""
    match = gallery.search(np.eye(1, gallery.embedder.width)[0], k=1)[0][0]
    body, go, lock = encoded(image(1, 9)), Event(), Lock()
    decoded: list[int] = []
    real = service.open_part

    def counting(data: Any, *box: Any, **more: Any) -> Any:
        if data == body:
            with lock:
                decoded.append(1)
        return real(data, *box, **more)

    def explain(*_: Any) -> None:
        go.wait(20)
        raise ReseenError("no more")

    monkeypatch.setattr(service, "open_part", counting)
    app = create_app(gallery, limits=Limits(seconds=SECONDS, at_once=8))
    app.state.service.explainer = explain
    with TestClient(app, base_url="http://localhost") as asking, ThreadPoolExecutor(6) as callers:
        for _ in range(3):
            answers = callers.map(lambda _: asking.post(f"/records/{match.id}/explanation", content=body), range(6))
            assert {answer.status_code for answer in answers} == {504}
        assert len(decoded) == 1
        assert asking.post("/search?k=1", content=body).status_code == 200, "searches have threads of their own"
        go.set()
