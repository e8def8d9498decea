"""The application: routes, wrapped from the inside out in the limits, access and telemetry middleware."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from reseen.deploy.facts import Network
from reseen.retrieval.gallery import Gallery
from reseen.serve.deciding import router as deciding_router
from reseen.serve.error_handlers import add_error_handlers
from reseen.serve.middleware.access import AccessMiddleware
from reseen.serve.middleware.limits import DEFAULT_LIMITS, Limits, LimitsMiddleware
from reseen.serve.middleware.telemetry import TelemetryMiddleware
from reseen.serve.page import page_router
from reseen.serve.routes import router
from reseen.serve.service import Service


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
    app = FastAPI(
        title="reseen",
        summary="Find the same individual again in a gallery of images.",
        docs_url=None,  # FastAPI's pages load scripts from other sites
        redoc_url=None,
        lifespan=lambda _: service.running(),
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
    add_error_handlers(app)
    return app
