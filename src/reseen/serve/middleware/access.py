"""Access control: the token, the rate limit of each client, and no requests from other sites' pages."""

import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from reseen.errors import ReseenError
from reseen.serve.addresses import client_key
from reseen.serve.error_response import error_response
from reseen.serve.middleware.limits import Limits

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts under which only this machine reaches the service."""

SHORTEST_TOKEN = 16

_LOOPBACK_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)

_FORWARDED = frozenset({"forwarded", "via", "x-real-ip"})
_FORWARDED_PREFIX = "x-forwarded-"

_PUBLIC = frozenset({"/", "/discover", "/health", "/openapi.json"})
_PUBLIC_FOLDER = "/static/"
_MOST_CLIENTS = 4096


def checked_token(token: str | None, *, host: str) -> str | None:
    """The token, or None if none is needed. Raises ReseenError for a missing or weak one."""
    if not token:
        if host not in LOOPBACK:
            raise ReseenError(
                f"serving on {host} is open to other machines: expected a token of at least {SHORTEST_TOKEN} "
                "characters in RESEEN_TOKEN or --token-file, got none; or serve on 127.0.0.1"
            )
        return None
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise ReseenError(f"expected a token of at least {SHORTEST_TOKEN} printable ASCII characters without spaces")
    return token


class RateLimiter:
    """A token bucket for each client: ``rate`` requests a second, of which ``burst`` may come at once.

    ``clock`` returns seconds. Only the most recent clients are remembered; a forgotten one starts with a full bucket.

    >>> limiter = RateLimiter(rate=2, burst=1, clock=lambda: 0.0)
    >>> limiter.wait("203.0.113.9"), limiter.wait("203.0.113.9")
    (0.0, 0.5)
    """

    def __init__(self, *, rate: float, burst: int, clock: Callable[[], float] = monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Count a request: 0 if it may pass, else the seconds to wait."""
        now = self._clock()
        left, before = self._left.pop(client, (float(self._burst), now))
        left = min(left + (now - before) * self._rate, self._burst)
        passed = left >= 1
        self._left[client] = (left - passed, now)
        if len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if passed else (1 - left) / self._rate


class AccessMiddleware:
    """Passes on requests that hold the token and keep to the rate limit; the page itself is public.

    Without a token, the service answers only to this machine's own names, so that no site can point its name here (DNS
    rebinding), and answers no request that a proxy forwards, because it may come from anywhere. A browser's request
    from another site's page is always refused.
    """

    def __init__(self, app: ASGIApp, *, token: str | None, limits: Limits) -> None:
        self._app = app
        self._token = token
        self._limiter = RateLimiter(rate=limits.rate, burst=limits.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and (refused := self._refused(scope)) is not None:
            status, detail, wait = refused
            await error_response(status, detail, retry_after=wait)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refused(self, scope: Scope) -> tuple[int, str, float | None] | None:
        headers, path = Headers(scope=scope), scope["path"]
        host = headers.get("host", "")
        if self._token is None and (reason := _not_local(scope, host)):
            return 403, reason, None
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return 403, "requests from other sites' pages are refused", None
        if path == "/health":
            return None
        client = scope.get("client")
        if wait := self._limiter.wait(client_key(client[0] if client else "")):
            return 429, f"too many requests; try again in {wait:.1f} seconds", wait
        if path in _PUBLIC or path.startswith(_PUBLIC_FOLDER) or self._holds_token(headers):
            return None
        return 401, "expected the service's token: Authorization: Bearer TOKEN", None

    def _holds_token(self, headers: Headers) -> bool:
        if self._token is None:
            return True
        kind, _, token = headers.get("authorization", "").partition(" ")
        # latin-1 is how header bytes became text; compare_digest takes no text beyond ASCII.
        return kind.lower() == "bearer" and hmac.compare_digest(token.encode("latin-1"), self._token.encode())


def _not_local(scope: Scope, host: str) -> str:
    """The reason why the request may come from another machine, or ""."""
    if not _LOOPBACK_HOST.fullmatch(host):
        return "this service answers to localhost only; serve with a token to use another name"
    if _forwarded(scope):
        return "this service answers no forwarded requests; serve with a token to use a proxy"
    return ""


def _forwarded(scope: Scope) -> bool:
    """Whether a proxy's headers say that it forwards the request, or its HTTP version suggests so."""
    if scope.get("http_version") == "1.0":  # nginx's default; browsers and curl use 1.1
        return True
    names = Headers(scope=scope).keys()
    return any(name in _FORWARDED or name.startswith(_FORWARDED_PREFIX) for name in names)
