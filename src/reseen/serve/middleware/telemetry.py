"""Counts every request, logs it as one line of JSON without its contents, and adds strict headers to the answer."""

import json
import logging
import traceback
from datetime import UTC, datetime
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reseen.serve.error_response import error_response
from reseen.serve.metrics import Metrics

LOGGER = "reseen.serve"
"""The logger of the lines; the program that runs the service chooses their destination."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Forgotten records must not stay in a browser's cache.
    "Cache-Control": "no-store",
}


class TelemetryMiddleware:
    """Counts and logs requests. Neither bodies nor query strings are logged: they hold images and names."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._log = logging.getLogger(LOGGER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, received = perf_counter(), 0, 0

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        error: dict[str, str] = {}
        try:
            await self._app(scope, counting, watched)
        except Exception:  # noqa: BLE001 - the outermost place to log it
            error = {"error": traceback.format_exc()}
            if not status:
                await error_response(500, "the service failed; see its log")(scope, receive, watched)
        self._record(scope, status=status, seconds=perf_counter() - began, received=received, error=error)

    def _record(self, scope: Scope, *, status: int, seconds: float, received: int, error: dict[str, str]) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.answered(method=method, route=route, status=status, seconds=seconds)
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "client": (scope.get("client") or ("",))[0],
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "bytes": received,
        }
        self._log.log(logging.ERROR if error else logging.INFO, "%s", json.dumps({**line, **error}))
