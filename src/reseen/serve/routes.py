"""The HTTP routes. Images come as the request's body, everything else as query parameters."""

import base64
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from PIL import Image

from reseen.draw.encode import jpeg_bytes
from reseen.retrieval.record import Record
from reseen.serve import responses
from reseen.serve.explanation import ExplainedMatch
from reseen.serve.metrics import CONTENT_TYPE
from reseen.serve.middleware.limits import lift_deadline
from reseen.serve.requests import (
    BoxQuery,
    ForgetParams,
    ImageSearchQuery,
    OtherRecordId,
    RecordId,
    RecordQuery,
    SearchQuery,
)
from reseen.serve.service import Service

router = APIRouter()

_IMAGE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes of one JPEG, PNG, WebP, GIF, BMP, TIFF or PPM file.",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def _service(request: Request) -> Service:  # a plain function would be sent to a thread for each request
    service: Service = request.app.state.service
    return service


async def _body(request: Request) -> bytes:
    return await request.body()


Serving = Annotated[Service, Depends(_service)]
ImageBytes = Annotated[bytes, Depends(_body)]


@router.get("/health")
async def health() -> responses.Health:
    """Whether the service is running; needs no token."""
    return responses.Health()


@router.get("/metrics", response_class=Response)
async def metrics(service: Serving) -> Response:
    """Counters in Prometheus' text format."""
    return Response(await service.read(service.metrics.text), media_type=CONTENT_TYPE)


@router.get("/gallery")
async def gallery(service: Serving) -> responses.GalleryInfo:
    """The gallery's contents, and what the service accepts."""
    return await service.read(service.about)


@router.get("/cameras")
async def cameras(service: Serving) -> list[str]:
    """The cameras of all records."""
    return await service.read(service.cameras)


@router.post("/embed", openapi_extra=_IMAGE_BODY)
async def embed(service: Serving, params: BoxQuery, image: ImageBytes) -> responses.Vector:
    """Embed an image as a vector."""
    vector = await service.embed(image, box=params.corners)
    return responses.Vector(vector=vector.tolist(), model=service.embedder.fingerprint)


@router.post("/search", openapi_extra=_IMAGE_BODY)
async def search(service: Serving, params: ImageSearchQuery, image: ImageBytes) -> responses.Ranking:
    """Find the records most similar to an image."""
    vector = await service.embed(image, box=params.corners)
    return responses.Ranking.of(await service.search(vector, params.options()))


@router.get("/records/{id}/similar")
async def similar(service: Serving, id: RecordId, params: SearchQuery) -> responses.Ranking:  # noqa: A002
    """Find the records most similar to a record, except the record itself."""
    return responses.Ranking.of(await service.search(await service.vector(id), params.options(), without=id))


@router.post("/records", openapi_extra=_IMAGE_BODY)
async def add(service: Serving, request: Request, *, params: RecordQuery, image: ImageBytes) -> responses.RecordCreated:
    """Add an image's vector, thumbnail and columns as a record. Sending it again changes nothing."""
    record = Record(
        picture=image,
        reference=params.reference,
        identity=params.identity,
        camera=params.camera,
        time=params.time,
        box=params.corners,
        fields=params.field_values(),
    )
    vector = await service.embed(image, box=record.box)
    lift_deadline(request.scope)
    return responses.RecordCreated(id=await service.add(replace(record, vector=vector)))


@router.get("/records/{id}/thumbnail", response_class=Response)
async def thumbnail(service: Serving, id: RecordId) -> Response:  # noqa: A002
    """The record's thumbnail, a small JPEG."""
    return Response(await service.thumbnail(id), media_type="image/jpeg")


@router.post("/records/{id}/explanation", openapi_extra=_IMAGE_BODY)
async def explain(service: Serving, id: RecordId, *, params: BoxQuery, image: ImageBytes) -> responses.Explanation:  # noqa: A002
    """Explain why an image and a record match; the record is represented by its thumbnail."""
    return _as_schema(await service.explain(image, id, box=params.corners))


@router.get("/records/{id}/explanation")
async def explain_record(service: Serving, id: RecordId, query: OtherRecordId) -> responses.Explanation:  # noqa: A002
    """Explain why two records match."""
    return _as_schema(await service.explain_record(query, id))


@router.post("/forget")
async def forget(service: Serving, request: Request, conditions: ForgetParams) -> responses.RecordsForgotten:
    """Remove the records that meet every condition, from the disk too.

    Takes as long as rewriting the files that hold them.
    """
    lift_deadline(request.scope)
    return responses.RecordsForgotten(forgotten=await service.forget(conditions.model_dump()))


def _as_schema(explained: ExplainedMatch) -> responses.Explanation:
    images = {name: _as_url(getattr(explained, name)) for name in ("query", "query_map", "match", "match_map")}
    return responses.Explanation(similarity=explained.similarity, **images)


def _as_url(image: Image.Image) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg_bytes(image)).decode()}"
