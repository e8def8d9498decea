"""The page: a handful of files that come with the package, read once; no request names a file."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from fastapi import APIRouter
from starlette.responses import Response

from reseen.serve.error_response import refusal

_TYPES = MappingProxyType({".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"})
_PAGE = "index.html"


def page_router() -> APIRouter:
    """The page at / and its parts below /static/."""
    router = APIRouter(include_in_schema=False)
    parts = _parts()

    @router.get("/")
    async def page() -> Response:
        return parts[_PAGE]

    @router.get("/static/{name}")
    async def part(name: str) -> Response:
        return parts.get(name) or refusal(404, "the page has no such part")

    return router


def _parts() -> Mapping[str, Response]:
    found = {}
    for file in files("reseen.serve").joinpath("static").iterdir():
        kind = _TYPES.get(file.name[file.name.rfind(".") :])
        if kind:
            found[file.name] = Response(file.read_bytes(), media_type=kind)
    return found
