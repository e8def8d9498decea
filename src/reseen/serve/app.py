"""The application: routes inside, and around them, from the inside out, limits, the guard and the watch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

from reseen.deploy.facts import Network
from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
from reseen.serve.coalescing import ConflictError
from reseen.serve.error_response import refusal
from reseen.serve.middleware.access import Guarded
from reseen.serve.middleware.limits import DEFAULT_LIMITS, Limited, Limits
from reseen.serve.middleware.telemetry import Watched
from reseen.serve.page import page_router
from reseen.serve.routes import router
from reseen.serve.service import MissingError, Service

_SHOWN = 60


def create_app(
    gallery: Gallery, *, token: str | None = None, limits: Limits = DEFAULT_LIMITS, network: Network | None = None
) -> FastAPI:
    """The service over a gallery that was opened with an embedder.

    ``token``: what requests must hold; without one only requests to localhost are answered. ``network``: the
    embedder's own, with which it is shown what matched; that needs one that runs on PyTorch.
    """
    service = Service(gallery, limits=limits, network=network)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = FastAPI(
        title="reseen",
        summary="Find the same individual again among a gallery's pictures.",
        docs_url=None,  # the usual ones fetch scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        middleware=[
            Middleware(Watched, metrics=service.metrics),
            Middleware(Guarded, token=token, limits=limits),
            Middleware(Limited, limits=limits),
        ],
    )
    app.state.service = service
    app.include_router(router)
    app.include_router(page_router())
    app.add_exception_handler(ReseenError, _mendable)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(HTTPException, _refused)
    return app


async def _mendable(request: Request, error: Exception) -> Response:
    """Where the gallery lies is the server's own affair."""
    status = 404 if isinstance(error, MissingError) else 409 if isinstance(error, ConflictError) else 400
    return refusal(status, str(error).removeprefix(f"{request.app.state.service.uri}: "))


async def _misshapen(_: Request, error: Exception) -> Response:
    """The first thing that does not fit, in one line."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    got = repr(first.get("input"))
    shown = got if len(got) <= _SHOWN else f"{got[:_SHOWN]}..."
    reason = first["msg"].removeprefix("Value error, ")
    return refusal(422, f"{place or 'the body'}: {reason[:1].lower()}{reason[1:]}, got {shown}")


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, str(error.detail))
