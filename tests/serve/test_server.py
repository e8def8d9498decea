"""A socket, a real server behind it, and the command that brings both up."""

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
from reseen.serve.app import create_app
from reseen.serve.middleware.limits import Limits
from reseen.serve.server import address_of, listening


def fetched(url: str, **headers: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_the_service_answers_over_a_socket(gallery, served):
    with served(create_app(gallery)) as url:
        assert url.startswith("http://127.0.0.1:")
        assert fetched(f"{url}health") == (200, b'{"status":"ok"}')
        assert fetched(f"{url}cameras", Host="evil.example")[0] == 403


def test_a_port_in_use_is_one_line(served, gallery):
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ReseenError, match=f"cannot serve on 127.0.0.1, port {port}: .*use.*--port"):
            listening("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "256.1.1.1", "8.8.8.8"])
def test_a_host_of_another_machine_is_an_error_of_one_line(host):
    with pytest.raises(ReseenError, match=f"cannot serve on {host}"):
        listening(host, 0)


def test_the_url_of_an_ipv6_host_has_brackets():
    with socket.socket(socket.AF_INET6) as listener:
        try:
            listener.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 on this machine")
        assert address_of(listener) == f"http://[::1]:{listener.getsockname()[1]}/"


def raw(url: str, data: bytes) -> bytes:
    """What the server says to these bytes."""
    host, port = url.removeprefix("http://").strip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(data)
        say_that_all_is_sent(connection)
        found = b""
        while part := connection.recv(65536):
            found += part
    return found


def say_that_all_is_sent(connection: socket.socket) -> None:
    """A server that has answered and closed already needs no telling; its answer is still there to be read."""
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise


def test_an_answer_is_read_though_the_server_closes_before_all_is_sent():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as connection:
        connection.connect(listener.getsockname())
        server, _ = listener.accept()
        with server:
            connection.sendall(b"what stays unread when the server closes, which resets the connection")
            assert server.recv(4) == b"what"
            server.sendall(b"HTTP/1.1 400 ")
        reset = select.poll()
        reset.register(connection, select.POLLHUP)
        assert reset.poll(10_000)
        say_that_all_is_sent(connection)
        assert connection.recv(65536) == b"HTTP/1.1 400 "


POST = b"POST /search HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000,
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: 99\r\n\r\nshort",
        POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_bytes_that_are_no_request_do_not_stop_the_service(gallery, served, data):
    with served(create_app(gallery, limits=Limits(seconds=2))) as url:
        try:
            answer = raw(url, data)
        except ConnectionError:
            answer = b""
        assert answer == b"" or answer.split(b" ")[1].startswith(b"4")
        assert fetched(f"{url}health")[0] == 200


def test_a_request_of_http_1_0_needs_a_token_as_proxies_send_it(gallery, served):
    with served(create_app(gallery)) as url:
        assert b" 403 " in raw(url, b"GET /gallery HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n")


@pytest.fixture
def command(gallery: Gallery, weights_file, tmp_path):
    """The command's words for the gallery, and its environment without a token."""
    words = [
        sys.executable,
        "-m",
        "reseen",
        "serve",
        str(tmp_path / "gates"),
        "--model",
        str(weights_file),
        "--port",
        "0",
    ]
    return words, {name: value for name, value in os.environ.items() if name != "RESEEN_TOKEN"}


def test_the_command_serves_until_it_is_interrupted(command):
    words, environment = command
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True) as process:
        said = process.stderr.readline()
        assert "gates: search threshold 0.9000 (calibrated with 24 records); 24 records at http://127.0.0.1:" in said
        url = said.strip().split(" at ")[1]
        status, told = fetched(f"{url}gallery")
        assert (status, json.loads(told)["records"]) == (200, 24)
        line = json.loads(process.stderr.readline())
        assert (line["route"], line["status"]) == ("/gallery", 200)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in {0, 130}
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--host", "0.0.0.0"], "is open to other machines: expected a token"),
        (["--token-file", "/nowhere/token"], "/nowhere/token: cannot read the token"),
        (["--model", "efficientnet_lite0"], "holds vectors of model"),
    ],
)
def test_a_gallery_that_cannot_be_served_is_an_error_of_one_line(command, more, said, monkeypatch, capsys):
    from reseen.cli import main

    monkeypatch.delenv("RESEEN_TOKEN", raising=False)
    monkeypatch.setattr(sys, "argv", ["reseen", *command[0][3:], *more])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert said in told
