"""`reseen serve`."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from reseen.cli.console import progress_for
from reseen.cli.filters import GalleryAddress
from reseen.cli.options import Device, NetworkSource, Quiet
from reseen.errors import ReseenError
from reseen.extras import extra

if TYPE_CHECKING:
    from reseen.deploy.facts import Network
    from reseen.retrieval.gallery import Gallery
    from reseen.serve.middleware.limits import Limits

TOKEN = "RESEEN_TOKEN"  # noqa: S105 - the variable's name
"""The environment variable for the token."""


def serve(  # noqa: PLR0913 - one parameter an option
    gallery: GalleryAddress,
    *,
    model: NetworkSource = "efficientnet_lite0",
    export: Annotated[
        Path | None, typer.Option(help="Run the network by this export of it (.onnx, .xml, .pt2), which is faster.")
    ] = None,
    device: Device = "cpu",
    host: Annotated[
        str, typer.Option(help="The address to listen on; any but this machine's own needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free port.")] = 8000,
    token_file: Annotated[
        Path | None, typer.Option(help=f"The file with the token; the environment's {TOKEN} if left out.")
    ] = None,
    most_bytes: Annotated[int, typer.Option(min=1000, help="The most bytes of an image file.")] = 20_000_000,
    most_pixels: Annotated[int, typer.Option(min=1000, help="The most pixels of an image.")] = 40_000_000,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="The longest a request may take; writes are waited for.")
    ] = 30.0,
    rate: Annotated[float, typer.Option(min=0.1, help="The most requests a second from one address.")] = 50.0,
    decide: Annotated[
        bool, typer.Option("--decide", help="Let clients accept and refuse proposals of who is who, at /discover.")
    ] = False,
    create: Annotated[bool, typer.Option("--create", help="Create the gallery if there is none.")] = False,
    quiet: Quiet = False,
) -> None:
    """Serve a gallery over HTTP, with a page to search it. The log goes to the error stream, one JSON line a request.

    [bold]Examples[/bold]

    reseen serve gallery --model runs/mine

    reseen serve gallery --model runs/mine --export mine.xml

    RESEEN_TOKEN=$(openssl rand -hex 16) reseen serve gallery --model runs/mine --host 0.0.0.0
    """
    with extra("serve"):
        from reseen.serve.app import create_app
        from reseen.serve.middleware.access import checked_token
        from reseen.serve.middleware.limits import DEFAULT_LIMITS
        from reseen.serve.server import address_of, listening, server_of

    token = checked_token(_token(token_file), host=host)
    limits = DEFAULT_LIMITS._replace(bytes=most_bytes, pixels=most_pixels, seconds=seconds, rate=rate)
    opened, network, note = _open(gallery, model=model, export=export, device=device, limits=limits, create=create)
    app = create_app(opened, token=token, limits=limits, network=network, decide=decide)
    progress = progress_for(quiet=quiet)
    if note:
        progress.say(note)
    with listening(host, port) as listener:
        with_token = " (with the token)" * bool(token)
        address = address_of(listener)
        progress.say(f"{gallery}: {opened.judged_by}; {len(opened):,} records at {address}{with_token}")
        if decide:
            progress.say(f"{len(opened.decisions().proposals()):,} proposals to decide at {address}discover")
        _log_to_errors(quiet=quiet)
        server_of(app).run(sockets=[listener])


class _Opened(NamedTuple):
    gallery: "Gallery"
    network: "Network"
    note: str


def _open(gallery: str, *, model: str, export: Path | None, device: str, limits: "Limits", create: bool) -> _Opened:
    """The gallery with its embedder; the network that ``model`` names; and the embedder's note."""
    from reseen.data.opening import ImageLimits
    from reseen.deploy.loading import load_network, run_by_export
    from reseen.retrieval.embedder import Embedder
    from reseen.retrieval.gallery import Gallery

    loaded = load_network(model, device=device)
    running = loaded if export is None else run_by_export(loaded, export, device=device)
    embedder = Embedder(running, limits=ImageLimits(pixels=limits.pixels, bytes=limits.bytes))
    return _Opened(Gallery(gallery, embedder=embedder, create=create), loaded.network, embedder.note)


def _token(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(TOKEN)
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ReseenError(f"{file}: cannot read the token: {error}") from None


def _log_to_errors(*, quiet: bool) -> None:
    from reseen.serve.middleware.telemetry import LOGGER

    log = logging.getLogger(LOGGER)
    log.setLevel(logging.ERROR if quiet else logging.INFO)
    log.addHandler(logging.StreamHandler())
    log.propagate = False
