"""Error responses: one line as JSON, the same shape from every route and middleware."""

from starlette.responses import JSONResponse


def error_response(status: int, detail: str, *, retry_after: float | None = None) -> JSONResponse:
    """A response of {"detail": one line}; ``retry_after``: seconds, rounded up."""
    headers = {} if retry_after is None else {"Retry-After": str(max(1, -int(-retry_after // 1)))}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"detail": " ".join(detail.split())}, status_code=status, headers=headers)
