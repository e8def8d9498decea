"""`reseen gallery discover`: who is who in a gallery, proposed and decided."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from reseen.cli.console import progress_for, results, say
from reseen.cli.filters import GalleryAddress
from reseen.cli.options import Quiet
from reseen.engine.interrupt import Stopped
from reseen.errors import ReseenError, unknown

if TYPE_CHECKING:
    from datetime import datetime

    from reseen.retrieval.discover import Decision, Decisions, Discovery, Proposal
    from reseen.retrieval.gallery import Gallery

_LATER = "%Y-%m-%d %H:%M"


def discover(  # noqa: PLR0913 - one parameter an option
    gallery: GalleryAddress,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[accept ID... | refuse ID... | undo | list]",
            help="What to do with proposals; nothing looks at the gallery and proposes.",
        ),
    ] = None,
    *,
    name: Annotated[str | None, typer.Option(help="With accept: the identity that the records get.")] = None,
    least: Annotated[int, typer.Option(min=2, help="The fewest records of a group or part.")] = 2,
    caution: Annotated[
        float, typer.Option(min=0, help="Nats of evidence that a proposal needs; more gives fewer and surer ones.")
    ] = 0.0,
    most: Annotated[int, typer.Option(min=1, help="The most proposals to keep.")] = 1000,
    shown: Annotated[int, typer.Option(min=1, help="The most proposals to print.")] = 20,
    json: Annotated[Path | None, typer.Option(help="Also write the proposals to this file.")] = None,
    quiet: Quiet = False,
) -> None:
    """Propose who is who: records that look like one individual, identities to merge and to split.

    Nothing is changed until a proposal is accepted. Refused ones do not come back unless their evidence changes much.
    `reseen serve GALLERY --decide` shows the proposals with images, to decide by keyboard.

    [bold]Examples[/bold]

    reseen gallery discover cars

    reseen gallery discover cars accept 3f2a90c1 --name "van 12"

    reseen gallery discover cars refuse 77ab01d4

    reseen gallery discover cars undo
    """
    from reseen.retrieval.discover import DiscoverSettings

    action, *ids = words or [""]
    _refuse_odd(action, ids, name=name)
    if json is not None and action in _DECIDE:
        raise ReseenError("--json: expected without an action, or with list")
    with _one_line():
        opened = _open(gallery)
        if action in _DECIDE:
            _DECIDE[action](opened.decisions(), ids, name)
            return
        if action == "list":
            waiting: Sequence[Proposal] = opened.decisions().proposals()
            heading = f"{len(waiting):,} proposals wait"
        else:
            settings = DiscoverSettings(least=least, caution=caution, most=most)
            found = opened.discover(settings=settings, progress=progress_for(quiet=quiet))
            waiting, heading = found.proposals, _heading(found)
            say(f"judged by {found.judged_by}")
        _write(json, waiting)
        _print(heading, waiting, shown=shown)


@contextmanager
def _one_line() -> Iterator[None]:
    """Ctrl-C is one line, whatever is under way: files and records change as a whole or not at all."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped("interrupted; what was decided is kept, and `list` shows what waits") from None


def _open(gallery: str) -> "Gallery":
    from reseen.retrieval.gallery import Gallery

    return Gallery(gallery, upkeep=False)


def _heading(found: "Discovery") -> str:
    return (
        f"{len(found.proposals):,} proposals; {found.records:,} records, {found.unnamed:,} of them without identity, "
        f"{found.identities:,} identities"
    )


def _accept(decisions: "Decisions", ids: Sequence[str], name: str | None) -> None:
    for id_ in ids:
        say(_told(decisions.accept(id_, name=name)))


def _refuse(decisions: "Decisions", ids: Sequence[str], _: str | None) -> None:
    for id_ in ids:
        say(_told(decisions.refuse(id_)))


def _undo(decisions: "Decisions", *_: object) -> None:
    say(_told(decisions.undo()))


_DECIDE: "Mapping[str, Callable[[Decisions, Sequence[str], str | None], None]]" = MappingProxyType(
    {"accept": _accept, "refuse": _refuse, "undo": _undo}
)


def _refuse_odd(action: str, ids: Sequence[str], *, name: str | None) -> None:
    known = (*_DECIDE, "list")
    if action and action not in known:
        raise ReseenError(f"discover: {unknown('action', action, known)}")
    if action in ("accept", "refuse") and not ids:
        raise ReseenError(f"{action}: expected the id of a proposal; `list` shows them")
    if action not in ("accept", "refuse") and ids:
        raise ReseenError(f"{action}: expected no ids, got {ids[0]}")
    if name is not None and (action != "accept" or len(ids) > 1):
        raise ReseenError("--name: expected with accept and one id")


def _told(decision: "Decision") -> str:
    proposal = decision.proposal
    if decision.what == "accept":
        return f"{proposal.id}: {len(proposal.records):,} records are '{decision.name}' now"
    if decision.what == "refuse":
        return f"{proposal.id}: refused; it does not come back unless its evidence changes much"
    if decision.name is None:
        return f"{proposal.id}: no longer refused"
    before = "without identity" if proposal.identity is None else f"'{proposal.identity}'"
    return f"{proposal.id}: {len(proposal.records):,} records are {before} again"


def _print(heading: str, waiting: "Sequence[Proposal]", *, shown: int) -> None:
    if not waiting:
        say(heading)
        return
    rows = [_row(proposal) for proposal in waiting[:shown]]
    columns = [name for name in rows[0] if any(row[name] for row in rows)]
    table = Table(*columns, title=heading, title_justify="left")
    for row in rows:
        table.add_row(*(Text(row[name]) for name in columns))
    if len(waiting) > shown:
        table.caption = f"and {len(waiting) - shown:,} more: --shown {len(waiting)}"
    results().print(table)


def _row(proposal: "Proposal") -> dict[str, str]:
    """The columns of a proposal; those that are empty in all rows are left out."""
    probability = proposal.probability
    return {
        "id": proposal.id,
        "proposal": proposal.text,
        "probability": "" if probability is None else f"{100 * min(probability, 0.999):.1f} %",
        "similarity": f"{proposal.similarity:.3f}",
        "cameras": ", ".join(proposal.cameras[:3]) + " ..." * (len(proposal.cameras) > 3),
        "time (UTC)": _span(proposal.earliest, proposal.latest),
        "nearest others": ", ".join(
            f"{other.identity or 'unnamed'} {other.similarity:.3f}" for other in proposal.nearest
        ),
    }


def _span(earliest: "datetime | None", latest: "datetime | None") -> str:
    if earliest is None or latest is None:
        return ""
    return f"{earliest:{_LATER}}" if earliest == latest else f"{earliest:{_LATER}} to {latest:{_LATER}}"


def _write(path: Path | None, waiting: "Sequence[Proposal]") -> None:
    from reseen.files import write_json

    if path is not None:
        write_json(path, [proposal.as_json() for proposal in waiting])
