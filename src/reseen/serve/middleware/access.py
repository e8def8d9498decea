"""Who may ask: the token, the address's share of requests, and no other site's page behind the user's back."""

import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from reseen.errors import ReseenError
from reseen.serve.addresses import client_key
from reseen.serve.error_response import refusal
from reseen.serve.middleware.limits import Limits

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names under which only this machine reaches the service."""

SHORTEST_TOKEN = 16

_LOOPBACK_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)

_FORWARDED = frozenset({"forwarded", "via", "x-real-ip"})
_FORWARDED_BEGINS = "x-forwarded-"

_OPEN = frozenset({"/", "/health", "/openapi.json"})
_OPEN_FOLDER = "/static/"
_ADDRESSES = 4096


def checked_token(token: str | None, *, host: str) -> str | None:
    """The token, or None where none is needed. ReseenError for one that is missing or too short to guard anything."""
    if not token:
        if host not in LOOPBACK:
            raise ReseenError(
                f"serving on {host} lets others in: expected a token of at least {SHORTEST_TOKEN} characters in "
                "RESEEN_TOKEN or --token-file, got none; or serve on 127.0.0.1"
            )
        return None
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise ReseenError(f"expected a token of at least {SHORTEST_TOKEN} printable ASCII characters without spaces")
    return token


class Shares:
    """So many requests a second for each address, saved up to a burst (a token bucket).

    ``clock`` tells seconds. Of the addresses those heard of last are remembered; a forgotten one begins anew.
    """

    def __init__(self, *, rate: float, burst: int, clock: Callable[[], float] = monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Take one request: 0 if it may pass, else the seconds until one may."""
        now = self._clock()
        left, before = self._left.pop(address, (float(self._burst), now))
        left = min(left + (now - before) * self._rate, self._burst)
        passed = left >= 1
        self._left[address] = (left - passed, now)
        if len(self._left) > _ADDRESSES:
            self._left.popitem(last=False)
        return 0.0 if passed else (1 - left) / self._rate


class Guarded:
    """Passes on requests that hold the token and keep to their share; the page itself holds nothing and is open.

    Without a token only this machine's names are answered to, so that no site can point its own name here (DNS
    rebinding), and nothing that a proxy forwards, for it may come from anywhere under any name; and a browser's request
    from another site's page is refused in any case.
    """

    def __init__(self, app: ASGIApp, *, token: str | None, limits: Limits) -> None:
        self._app = app
        self._token = token
        self._shares = Shares(rate=limits.rate, burst=limits.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and (refused := self._refused(scope)) is not None:
            status, detail, wait = refused
            await refusal(status, detail, retry_after=wait)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refused(self, scope: Scope) -> tuple[int, str, float | None] | None:
        headers, path = Headers(scope=scope), scope["path"]
        host = headers.get("host", "")
        if self._token is None and (reason := _from_elsewhere(scope, host)):
            return 403, reason, None
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return 403, "requests of other sites' pages are refused", None
        if path == "/health":
            return None
        client = scope.get("client")
        if wait := self._shares.wait(client_key(client[0] if client else "")):
            return 429, f"too many requests; try again in {wait:.1f} seconds", wait
        if path in _OPEN or path.startswith(_OPEN_FOLDER) or self._holds_token(headers):
            return None
        return 401, "expected the service's token: Authorization: Bearer TOKEN", None

    def _holds_token(self, headers: Headers) -> bool:
        if self._token is None:
            return True
        kind, _, given = headers.get("authorization", "").partition(" ")
        # latin-1 is how header bytes became text; compare_digest takes no text beyond ASCII.
        return kind.lower() == "bearer" and hmac.compare_digest(given.encode("latin-1"), self._token.encode())


def _from_elsewhere(scope: Scope, host: str) -> str:
    """Why the request may not be this machine's own, or "" if nothing speaks against it."""
    if not _LOOPBACK_HOST.fullmatch(host):
        return "this service answers to localhost only; serve with a token to be reached by another name"
    if _forwarded(scope):
        return "this service answers no forwarded requests; serve with a token to be reached through a proxy"
    return ""


def _forwarded(scope: Scope) -> bool:
    """Whether a proxy says that it passes the request on, or speaks as proxies do that say nothing."""
    if scope.get("http_version") == "1.0":  # as nginx does unless told otherwise; browsers and curl do not
        return True
    names = Headers(scope=scope).keys()
    return any(name in _FORWARDED or name.startswith(_FORWARDED_BEGINS) for name in names)
