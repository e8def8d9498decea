"""Who is let in: token, share of requests, and no other site's page."""

import pytest
from starlette.testclient import TestClient

from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
from reseen.serve.app import create_app
from reseen.serve.middleware.access import RateLimiter, checked_token
from reseen.serve.middleware.limits import Limits

TOKEN = "0123456789abcdef-token"


@pytest.fixture
def guarded(gallery: Gallery):
    with TestClient(create_app(gallery, token=TOKEN), base_url="http://gate.example:8000") as asking:
        yield asking


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        ("Bearer \xff\xfe", 401),
    ],
)
def test_only_the_right_token_is_accepted(guarded, header, status):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = guarded.get("/gallery", headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert answer.json() == {"detail": "expected the service's token: Authorization: Bearer TOKEN"}
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_requests_without_the_token_get_the_page_and_health_alone(guarded):
    described = guarded.get("/openapi.json").json()["paths"]
    record = "0" * 32
    for path, methods in described.items():
        for method in methods:
            answer = guarded.request(method.upper(), path.replace("{id}", record))
            assert answer.status_code == (200 if path == "/health" else 401), path
    for path in ("/", "/static/app.js", "/static/style.css"):
        assert guarded.get(path).status_code == 200
    assert guarded.get("/nothing").status_code == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("LOCALHOST", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example:8000", 403),
        ("evil.example:80@localhost", 403),
        ("", 403),
        ("]", 403),
    ],
)
def test_without_a_token_only_this_machines_names_are_answered_to(client, host, status):
    assert client.get("/cameras", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded: for=203.0.113.9",
        "X-Forwarded-For: 203.0.113.9",
        "x-forwarded-host: cars",
        "Via: 1.1 gate",
        "X-Real-IP: ::1",
    ],
)
def test_what_a_proxy_forwards_needs_a_token_whatever_host_it_writes(client, guarded, header):
    name, _, value = header.partition(": ")
    for path in ("/", "/health", "/gallery"):
        answer = client.get(path, headers={"Host": "localhost", name: value})
        assert answer.status_code == 403
        assert "forwarded" in answer.json()["detail"]
    headers = {"Host": "localhost", name: value}
    assert guarded.get("/gallery", headers=headers).status_code == 401
    assert guarded.get("/gallery", headers={**headers, "Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost", 200),
        ("http://evil.example", 403),
        ("http://localhost:9999", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_other_sites_pages_are_refused(client, origin, status):
    answer = client.post("/forget", json={"identity": "nobody"}, headers={"Origin": origin})
    assert answer.status_code == status


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "gate.example", "192.168.1.5"])
def test_serving_beyond_this_machine_needs_a_token(host):
    for none in (None, ""):
        with pytest.raises(ReseenError, match=r"is open to other machines: expected a token .* RESEEN_TOKEN"):
            checked_token(none, host=host)
    assert checked_token(TOKEN, host=host) == TOKEN


@pytest.mark.parametrize(
    "token", ["short", "fifteen-letters", "a token with spaces in it", "tokén-tokén-tokén", "x" * 20 + "\n"]
)
def test_a_weak_token_is_refused(token):
    with pytest.raises(ReseenError, match="at least 16 printable ASCII"):
        checked_token(token, host="127.0.0.1")


def test_serving_on_this_machine_needs_no_token():
    assert checked_token(None, host="127.0.0.1") is None


def test_the_rate_limiter_lets_requests_pass_again_with_time():
    """Rate 2 a second, burst 3: three at once, then one each half second, and never more than three saved up."""
    now = 0.0
    shares = RateLimiter(rate=2, burst=3, clock=lambda: now)
    assert [shares.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert shares.wait("b") == 0, "another address has its own share"
    now = 0.25
    assert shares.wait("a") == 0.25
    now = 0.5
    assert [shares.wait("a"), shares.wait("a")] == [0, 0.5]
    now = 1000
    assert [shares.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_the_rate_limiter_remembers_a_limited_number_of_clients():
    shares = RateLimiter(rate=1, burst=1)
    for number in range(10_000):
        shares.wait(str(number))
    assert len(shares._left) == 4096


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_all_addresses_of_one_client_share_its_rate_limit(gallery, one, other, same):
    app = create_app(gallery, limits=Limits(rate=0.1, burst=1))
    for address, status in ((one, 200), (other, 429 if same else 200)):
        with TestClient(app, base_url="http://localhost", client=(address, 5000)) as asking:
            assert asking.get("/cameras").status_code == status


def test_a_request_beyond_the_rate_limit_is_told_when_to_retry(gallery):
    app = create_app(gallery, limits=Limits(rate=0.1, burst=3))
    with TestClient(app, base_url="http://localhost") as asking:
        found = [asking.get("/cameras") for _ in range(4)]
        assert [answer.status_code for answer in found] == [200, 200, 200, 429]
        assert int(found[-1].headers["Retry-After"]) in {9, 10}
        assert asking.get("/health").status_code == 200, "whoever watches the service is not counted"
