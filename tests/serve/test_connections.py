"""Connections: what a client may hold of them, how long the service waits for it, and who gives way."""

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from time import sleep

import pytest

from reseen.serve.app import create_app
from reseen.serve.connections import Connection
from reseen.serve.middleware.limits import Limits
from waiting import until

OTHER = "127.0.0.2"
TOKEN = "0123456789abcdef-token"
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
A_REQUEST = b"POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n"


@pytest.fixture
def service(gallery, served) -> Iterator[Callable[..., "Served"]]:
    """Serves the gallery under limits until the test ends."""
    with ExitStack() as open_:

        def start(token: str | None = None, **limits: float) -> Served:
            app = create_app(gallery, token=token, limits=Limits(rate=1e6, **limits))
            return Served(open_.enter_context(served(app)), open_)

        yield start


class Served:
    """Where it listens; connections that are begun are closed with the test."""

    def __init__(self, url: str, open_: ExitStack) -> None:
        host, port = url.removeprefix("http://").strip("/").split(":")
        self.address = host, int(port)
        self._open = open_

    def connected(self, data: bytes = b"", *, source: str = "127.0.0.1") -> socket.socket:
        """A connection that has sent this."""
        connection = socket.create_connection(self.address, timeout=10, source_address=(source, 0))
        self._open.enter_context(connection)
        connection.sendall(data)
        return connection

    def status(self, path: str = "/health", *, source: str = "127.0.0.1") -> int:
        """A new connection's answer."""
        asking = http.client.HTTPConnection(*self.address, timeout=10, source_address=(source, 0))
        try:
            asking.request("GET", path)
            return asking.getresponse().status
        finally:
            asking.close()


def received(connection: socket.socket) -> bytes:
    """All that comes until the service closes it."""
    found = b""
    try:
        while part := connection.recv(65536):
            found += part
    except ConnectionError:
        pass
    return found


def is_open(connection: socket.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def test_an_answer_does_not_wait_until_its_head_is_acknowledged(service, monkeypatch):
    made, begin = [], Connection.connection_made

    def connection_made(self, transport):
        begin(self, transport)
        made.append(transport.get_extra_info("socket"))

    monkeypatch.setattr(Connection, "connection_made", connection_made)
    service().connected(HALF_A_HEAD)
    until(lambda: made)
    assert made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("data", [b"", b"G", HALF_A_HEAD])
def test_a_connection_without_a_request_is_closed_at_its_deadline(service, data):
    assert received(service(client_seconds=0.2).connected(data)) == b""


def test_a_connection_whose_request_trickles_in_is_closed_at_its_deadline(service):
    connection = service(client_seconds=0.2).connected(HALF_A_HEAD)
    until(lambda: not accepts(connection))


def test_a_connection_without_a_second_request_is_closed_at_its_deadline(service):
    connection = service(client_seconds=0.2).connected(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.recv(12) == b"HTTP/1.1 200"
    connection.sendall(HALF_A_HEAD)
    until(lambda: not accepts(connection))


def test_a_connection_whose_body_goes_on_after_its_answer_is_closed_at_its_deadline(service):
    """Nobody without the token gets at more than an answer, however much it sends."""
    connection = service(token=TOKEN, client_seconds=0.2).connected(A_REQUEST + b"\r\n")
    assert connection.recv(12) == b"HTTP/1.1 401"
    until(lambda: not accepts(connection))


def test_a_connection_whose_client_reads_nothing_is_closed_at_its_deadline(service):
    asked = service(client_seconds=0.3, burst=10_000)
    greedy = asked.connected()
    greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    greedy.settimeout(0.5)
    request = b"GET /static/app.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    try:
        for _ in range(200):
            greedy.sendall(request * 100)
    except (TimeoutError, ConnectionError):
        pass
    until(lambda: not accepts(greedy))


def accepts(connection: socket.socket) -> bool:
    try:
        connection.send(b"x", socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    return True


def test_a_client_that_asks_again_and_again_keeps_its_connection(service):
    connection = http.client.HTTPConnection(*service(client_seconds=2).address, timeout=10)
    ends = set()
    for _ in range(24):
        connection.request("GET", "/health")
        ends.add(connection.sock.getsockname())
        assert connection.getresponse().read() == b'{"status":"ok"}'
        sleep(0.1)
    connection.close()
    assert len(ends) == 1


def test_an_answer_may_take_longer_than_the_deadline_of_a_request(service, gallery, monkeypatch):
    monkeypatch.setattr(gallery, "cameras", lambda: sleep(0.6) or ["slow"])
    assert service(client_seconds=0.1).status("/cameras") == 200


def test_unfinished_heads_by_the_hundred_stop_nobody(service):
    asked = service(from_one=20)
    held = [asked.connected(HALF_A_HEAD) for _ in range(120)]
    assert asked.status() == 200
    assert asked.status(source=OTHER) == 200
    assert sum(map(is_open, held)) <= 20
    assert is_open(held[-1]), "those that came last are still waited for"


def test_one_client_has_a_limited_number_of_connections(service):
    asked = service(from_one=2)
    working = [asked.connected(A_REQUEST + b"Expect: 100-continue\r\n\r\n") for _ in range(2)]
    for connection in working:
        assert connection.recv(12) == b"HTTP/1.1 100", "it is at work and waits for the body"
    refused = received(asked.connected())
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert refused.endswith(b'{"detail": "busy: too many connections"}')
    assert asked.status(source=OTHER) == 200
    working[0].close()
    until(lambda: asked.status() == 200)


def test_all_clients_share_a_limited_number_of_connections(service):
    asked = service(connections=4, from_one=3)
    held = [asked.connected(HALF_A_HEAD, source=f"127.0.0.{last}") for last in range(2, 8)]
    assert asked.status() == 200
    until(lambda: [is_open(connection) for connection in held] == [False] * 3 + [True] * 3)


def test_dropped_connections_are_counted(service):
    asked = service(client_seconds=0.1)
    received(asked.connected())
    asking = http.client.HTTPConnection(*asked.address, timeout=10)
    asking.request("GET", "/metrics")
    assert b"reseen_connections_dropped_total 1.0" in asking.getresponse().read()
    asking.close()
