"""What can be asked over HTTP. Pictures come as the request's body, everything else in its address."""

import base64
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from PIL import Image

from reseen.draw.encode import jpeg_bytes
from reseen.retrieval.record import Record
from reseen.serve import responses
from reseen.serve.explanation import Explained
from reseen.serve.metrics import CONTENT_TYPE
from reseen.serve.middleware.limits import wait_for_the_end
from reseen.serve.requests import (
    CutQuery,
    PictureWishesQuery,
    RecordId,
    SightingQuery,
    ToForget,
    WishesQuery,
)
from reseen.serve.service import Service

router = APIRouter()

_PICTURE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes of one JPEG, PNG, WebP, GIF, BMP, TIFF or PPM file.",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _body(request: Request) -> bytes:
    return await request.body()


Serving = Annotated[Service, Depends(_service)]
Picture = Annotated[bytes, Depends(_body)]


@router.get("/health")
async def health() -> responses.Health:
    """Whether the service is up; needs no token."""
    return responses.Health()


@router.get("/metrics", response_class=Response)
async def metrics(service: Serving) -> Response:
    """Counters in Prometheus' text format."""
    return Response(await service.read(service.metrics.text), media_type=CONTENT_TYPE)


@router.get("/gallery")
async def gallery(service: Serving) -> responses.About:
    """What the gallery holds, and what the service takes."""
    return await service.read(service.about)


@router.get("/cameras")
async def cameras(service: Serving) -> list[str]:
    """The cameras that records name."""
    return responses.in_order(await service.read(service.gallery.cameras))


@router.post("/embed", openapi_extra=_PICTURE)
async def embed(service: Serving, cut: CutQuery, picture: Picture) -> responses.Vector:
    """The picture's vector."""
    vector = await service.embed(picture, box=cut.corners)
    return responses.Vector(vector=vector.tolist(), model=service.embedder.fingerprint)


@router.post("/search", openapi_extra=_PICTURE)
async def search(service: Serving, wishes: PictureWishesQuery, picture: Picture) -> responses.Ranking:
    """The records most like the picture."""
    vector = await service.embed(picture, box=wishes.corners)
    return responses.Ranking.of(await service.search(vector, wishes.options()))


@router.get("/records/{id}/similar")
async def similar(service: Serving, id: RecordId, wishes: WishesQuery) -> responses.Ranking:  # noqa: A002
    """The records most like one of them, itself left out."""
    return responses.Ranking.of(await service.search(await service.vector(id), wishes.options(), apart_from=id))


@router.post("/records", openapi_extra=_PICTURE)
async def add(service: Serving, request: Request, *, sighting: SightingQuery, picture: Picture) -> responses.Kept:
    """Keep the picture's vector, a thumbnail, and what is said of it. Sent again, it is there already."""
    record = Record(
        picture=picture,
        reference=sighting.reference,
        identity=sighting.identity,
        camera=sighting.camera,
        time=sighting.time,
        box=sighting.corners,
        fields=sighting.own_fields(),
    )
    vector = await service.embed(picture, box=record.box)
    wait_for_the_end(request.scope)
    return responses.Kept(id=await service.add(replace(record, vector=vector)))


@router.get("/records/{id}/thumbnail", response_class=Response)
async def thumbnail(service: Serving, id: RecordId) -> Response:  # noqa: A002
    """The small JPEG that is kept of the record."""
    return Response(await service.thumbnail(id), media_type="image/jpeg")


@router.post("/records/{id}/explanation", openapi_extra=_PICTURE)
async def explain(service: Serving, id: RecordId, *, cut: CutQuery, picture: Picture) -> responses.Explanation:  # noqa: A002
    """What makes the picture and the record alike; of records the thumbnail is looked at."""
    return _drawn(await service.explain(picture, id, box=cut.corners))


@router.get("/records/{id}/explanation")
async def explain_record(
    service: Serving,
    id: RecordId,  # noqa: A002
    query: Annotated[str, Query(pattern="^[0-9a-f]{32}$", description="The other record.")],
) -> responses.Explanation:
    """What makes two records alike."""
    return _drawn(await service.explain_record(query, id))


@router.post("/forget")
async def forget(service: Serving, request: Request, wishes: ToForget) -> responses.Forgotten:
    """Remove the records that fit everything said, from the disk too; takes as long as copying the gallery."""
    wait_for_the_end(request.scope)
    return responses.Forgotten(forgotten=await service.forget(wishes.model_dump()))


def _drawn(explained: Explained) -> responses.Explanation:
    pictures = (explained.query, explained.query_map, explained.match, explained.match_map)
    query, query_map, match, match_map = map(_as_url, pictures)
    return responses.Explanation(
        similarity=explained.similarity, query=query, query_map=query_map, match=match, match_map=match_map
    )


def _as_url(picture: Image.Image) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg_bytes(picture)).decode()}"
