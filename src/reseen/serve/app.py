"""The application: routes, wrapped from the inside out in the limits, access and telemetry middleware."""

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
from reseen.serve.deciding import router as deciding_router
from reseen.serve.error_response import error_response
from reseen.serve.middleware.access import AccessMiddleware
from reseen.serve.middleware.limits import DEFAULT_LIMITS, Limits, LimitsMiddleware
from reseen.serve.middleware.telemetry import TelemetryMiddleware
from reseen.serve.page import page_router
from reseen.serve.routes import router
from reseen.serve.service import MissingError, Service

_SHOWN = 60


def create_app(
    gallery: Gallery,
    *,
    token: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    network: Network | None = None,
    decide: bool = False,
) -> FastAPI:
    """Make the service of one gallery.

    Args:
        gallery: Opened with an embedder.
        token: The bearer token that requests must hold. Without one, only requests to localhost are answered.
        limits: Limits of requests and connections.
        network: The embedder's network, to explain matches; only one that runs on PyTorch can.
        decide: Let clients accept and refuse proposals of who is who, with a page at /discover.

    Raises:
        ValueError: The gallery has no embedder.
        ReseenError: Proposals are to be decided of a gallery in an object store.

    Example:
        ```python
        embedder = reseen.Embedder.from_pretrained("runs/mine")
        app = create_app(reseen.Gallery("cars", embedder=embedder), token=token)
        ```
    """
    service = Service(gallery, limits=limits, network=network, decide=decide)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = FastAPI(
        title="reseen",
        summary="Find the same individual again in a gallery of images.",
        docs_url=None,  # FastAPI's pages load scripts from other sites
        redoc_url=None,
        lifespan=lifespan,
        middleware=[
            Middleware(TelemetryMiddleware, metrics=service.metrics),
            Middleware(AccessMiddleware, token=token, limits=limits),
            Middleware(LimitsMiddleware, limits=limits),
        ],
    )
    app.state.service = service
    app.include_router(router)
    app.include_router(page_router(decides=decide))
    if decide:
        app.include_router(deciding_router)
    app.add_exception_handler(ReseenError, _on_reseen_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    return app


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
