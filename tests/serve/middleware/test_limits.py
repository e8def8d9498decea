"""What is too much: bytes, seconds, a crowd. Each is answered, and leaves the service as it was."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from reseen.serve.app import create_app
from reseen.serve.middleware.limits import Limits, LimitsMiddleware, lift_deadline


async def ask(app: Any, *chunks: bytes, pause: float = 0, path: str = "/") -> tuple[int, dict[str, Any]]:
    """One request with a body in these chunks: its answer's status and content."""
    sent: list[dict[str, Any]] = []
    left = list(chunks) or [b""]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"] or b"null")


def answering(work: Callable[[Any], Awaitable[object]]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await work(receive)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"null"})

    return app


async def whole_body(receive: Any) -> None:
    while (await receive())["more_body"]:
        pass


def test_a_request_that_takes_too_long_is_answered_504() -> None:
    limited = LimitsMiddleware(answering(lambda _: asyncio.sleep(30)), limits=Limits(seconds=0.05))
    status, told = asyncio.run(ask(limited))
    assert status == 504
    assert "within 0.05 seconds" in told["detail"]


def test_a_request_whose_body_trickles_in_is_answered_504() -> None:
    limited = LimitsMiddleware(answering(whole_body), limits=Limits(seconds=0.2))
    assert asyncio.run(ask(limited, *[b"x"] * 100, pause=0.05))[0] == 504
    assert asyncio.run(ask(limited, *[b"x"] * 100))[0] == 200


def test_the_limit_of_bytes_counts_all_pieces_of_a_body() -> None:
    pieces = [b"x" * 10] * 10
    assert asyncio.run(ask(LimitsMiddleware(answering(whole_body), limits=Limits(bytes=100)), *pieces))[0] == 200
    with pytest.raises(HTTPException, match="at most 99 bytes") as refused:
        asyncio.run(ask(LimitsMiddleware(answering(whole_body), limits=Limits(bytes=99)), *pieces))
    assert refused.value.status_code == 413


def test_requests_beyond_the_limit_at_once_are_answered_503_until_others_end() -> None:
    async def crowd() -> list[int]:
        limited = LimitsMiddleware(answering(lambda _: asyncio.sleep(0.05)), limits=Limits(at_once=3))
        first = [status for status, _ in await asyncio.gather(*(ask(limited) for _ in range(5)))]
        later = [status for status, _ in await asyncio.gather(*(ask(limited) for _ in range(3)))]
        return first + later

    assert asyncio.run(crowd()) == [200, 200, 200, 503, 503, 200, 200, 200]


def test_a_failing_request_frees_its_place() -> None:
    async def fail(_: Any) -> None:
        raise RuntimeError

    async def failing() -> int:
        limited = LimitsMiddleware(answering(fail), limits=Limits(at_once=1))
        for _ in range(3):
            with pytest.raises(RuntimeError):
                await ask(limited)
        return limited._inside

    assert asyncio.run(failing()) == 0


def test_a_request_past_its_deadline_keeps_its_place_until_its_work_ends() -> None:
    async def crowd() -> list[int]:
        ended = asyncio.Event()

        async def unstoppable(_: Any) -> None:
            try:
                await asyncio.sleep(30)
            finally:
                await ended.wait()  # as of a thread

        limited = LimitsMiddleware(answering(unstoppable), limits=Limits(at_once=2, seconds=0.05))
        first = [status for status, _ in await asyncio.gather(ask(limited), ask(limited))]
        meanwhile = (await ask(limited))[0]
        ended.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return [*first, meanwhile, (await ask(limited))[0]]

    assert asyncio.run(crowd()) == [504, 504, 503, 504]


def writing(work: Callable[[], Awaitable[object]]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        lift_deadline(scope)
        await answering(lambda _: work())(scope, receive, send)

    return app


def test_a_write_has_no_deadline() -> None:
    limited = LimitsMiddleware(writing(lambda: asyncio.sleep(0.2)), limits=Limits(seconds=0.05))
    assert asyncio.run(ask(limited))[0] == 200


def test_writes_leave_places_for_other_requests() -> None:
    async def crowd() -> list[tuple[str, int]]:
        go = asyncio.Event()
        found: list[tuple[str, int]] = []

        async def mixed(scope: Any, receive: Any, send: Any) -> None:
            await (reading if scope["path"] == "/read" else waiting)(scope, receive, send)

        async def one(path: str) -> None:
            try:
                found.append((path, (await ask(limited, path=path))[0]))
            except HTTPException as refused:
                found.append((path, refused.status_code))

        reading, waiting = answering(lambda _: asyncio.sleep(0)), writing(go.wait)
        limited = LimitsMiddleware(mixed, limits=Limits(at_once=4))
        writers = [asyncio.create_task(one("/write")) for _ in range(3)]
        await asyncio.sleep(0.05)
        await one("/read")
        go.set()
        await asyncio.gather(*writers)
        await one("/write")
        return found

    assert asyncio.run(crowd()) == [("/write", 503), ("/read", 200), *[("/write", 200)] * 3]


@pytest.mark.parametrize("path", ["/search", "/embed", "/records", "/forget"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_body_beyond_the_limit_is_refused(gallery, path, streamed) -> None:
    body = b"x" * 5001
    with TestClient(create_app(gallery, limits=Limits(bytes=5000)), base_url="http://localhost") as asking:
        content = (body[start : start + 1000] for start in range(0, len(body), 1000)) if streamed else body
        answer = asking.post(path, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert answer.json() == {"detail": "expected at most 5,000 bytes, got more"}
        assert asking.post("/search", content=body[:5000]).status_code == 400, "it is within the limit, but no image"


def test_a_image_beyond_the_limit_of_pixels_is_refused(gallery, image, encoded) -> None:
    with TestClient(create_app(gallery, limits=Limits(pixels=1000)), base_url="http://localhost") as asking:
        for path in ("/search", "/embed", "/records"):
            answer = asking.post(path, content=encoded(image(0, 0)))
            assert answer.status_code == 400
            assert "at most 1,000 pixels, got 32 x 32 = 1,024" in answer.json()["detail"]
    assert len(gallery) == 24
