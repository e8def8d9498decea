"""The web page: files of the package, read once. Requests never name files on the server."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from fastapi import APIRouter
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from reseen.serve.error_response import error_response

_TYPES = MappingProxyType({".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"})
_PAGE, _DECIDING = "index.html", "discover.html"


def page_router(*, decides: bool) -> APIRouter:
    """The page at /, where proposals are decided the one at /discover, and their files below /static/."""
    router = APIRouter(include_in_schema=False)
    parts = _parts()

    @router.get("/")
    async def page() -> Response:
        return parts[_PAGE]

    @router.get("/discover")
    async def deciding() -> Response:
        return parts[_DECIDING] if decides else error_response(403, "serve with --decide to decide proposals here")

    @router.get("/static/{name}")
    async def part(name: str) -> Response:
        return parts.get(name) or error_response(404, "the page has no such file")

    return router


def _parts() -> Mapping[str, Response]:
    pages = Environment(
        loader=PackageLoader("reseen.serve", "static"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    found = {}
    for file in files("reseen.serve").joinpath("static").iterdir():
        kind = _TYPES.get(file.name[file.name.rfind(".") :])
        if kind == "text/html":
            found[file.name] = Response(pages.get_template(file.name).render(), media_type=kind)
        elif kind:
            found[file.name] = Response(file.read_bytes(), media_type=kind)
    return found
