"""How errors are answered: one line each, which tells nothing about the machine."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from reseen.errors import ReseenError
from reseen.serve.coalescing import ConflictError
from reseen.serve.error_response import error_response
from reseen.serve.service import MissingError

_SHOWN = 60
"""The most characters that are shown of an invalid value."""


def add_error_handlers(app: FastAPI) -> None:
    """Answer what the gallery refuses, invalid requests, and paths that do not exist."""
    app.add_exception_handler(ReseenError, _on_reseen_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)


async def _on_reseen_error(request: Request, error: Exception) -> Response:
    """The error without the gallery's address, which clients must not learn."""
    status = 404 if isinstance(error, MissingError) else 409 if isinstance(error, ConflictError) else 400
    return error_response(status, str(error).removeprefix(f"{request.app.state.service.uri}: "))


async def _on_invalid_request(_: Request, error: Exception) -> Response:
    """The first invalid value, in one line."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    got = repr(first.get("input"))
    shown = got if len(got) <= _SHOWN else f"{got[:_SHOWN]}..."
    reason = first["msg"].removeprefix("Value error, ")
    return error_response(422, f"{place or 'the body'}: {reason[:1].lower()}{reason[1:]}, got {shown}")


async def _on_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, str(error.detail))
