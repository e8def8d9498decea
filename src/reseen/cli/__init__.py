"""The command line: parse, call, print. `main` is what the `reseen` command runs."""

import logging
import sys
from functools import partial

import typer

from reseen.cli.ablate import ablate
from reseen.cli.advise import advise
from reseen.cli.calibrate import calibrate
from reseen.cli.check import check
from reseen.cli.classify import classify
from reseen.cli.compare import compare
from reseen.cli.console import plain_console
from reseen.cli.datasets import datasets
from reseen.cli.demo import demo
from reseen.cli.embed import embed
from reseen.cli.evaluate import evaluate
from reseen.cli.explain import explain
from reseen.cli.export import export
from reseen.cli.gallery import gallery_commands
from reseen.cli.import_weights import import_weights
from reseen.cli.link import link
from reseen.cli.models import models
from reseen.cli.profile import profile
from reseen.cli.push import push
from reseen.cli.quantise import quantise
from reseen.cli.report import report
from reseen.cli.search import search
from reseen.cli.segment import segment
from reseen.cli.serve import serve
from reseen.cli.synth import synth
from reseen.cli.train import train
from reseen.cli.unpack import unpack
from reseen.cli.waiting import spin_briefly
from reseen.engine.interrupt import Stopped
from reseen.errors import ReseenError

CANNOT = 2
INTERRUPTED = 130
"""Exit codes: of errors that the user can mend, and of programs that Ctrl-C ended."""

_COMMANDS = (
    demo,
    synth,
    datasets,
    unpack,
    check,
    advise,
    train,
    evaluate,
    compare,
    calibrate,
    explain,
    report,
    models,
    profile,
    ablate,
    import_weights,
    embed,
    link,
    export,
    quantise,
    push,
    search,
    serve,
)
"""In the order of the help; `gallery` and the tasks have commands of their own."""


def application() -> typer.Typer:
    """All commands."""
    app = typer.Typer(
        name="reseen",
        help="Find the same individual again among images from other cameras.",
        epilog="Begin with: reseen demo --out demo",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    for command in _COMMANDS:
        app.command()(command)
    for task in (classify, segment):
        app.add_typer(task)
    app.add_typer(gallery_commands(), name="gallery")
    return app


def main() -> None:
    """Run one command. An error that the user can mend, or a file's, is one line on stderr and exit code 2."""
    spin_briefly()
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    errors = partial(plain_console(stderr=True).print, highlight=False, soft_wrap=True)
    try:
        application()()
    except ReseenError as error:
        errors(f"reseen: {error}")
        sys.exit(CANNOT)
    except OSError as error:
        if error.filename is None:
            raise
        errors(f"reseen: {error.filename}: {error.strerror}")
        sys.exit(CANNOT)
    except Stopped as stopped:
        errors(f"reseen: {stopped}")
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:
        errors("reseen: interrupted")
        sys.exit(INTERRUPTED)
