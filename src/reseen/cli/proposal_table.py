"""Proposals of who is who as a table on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from reseen.cli.tables import filled_columns

if TYPE_CHECKING:
    from datetime import datetime

    from reseen.retrieval.discover import Proposal

_TIME = "%Y-%m-%d %H:%M"


def proposal_table(waiting: "Sequence[Proposal]", *, title: str, shown: int) -> Table:
    """The first ``shown`` proposals; the caption says how many more wait."""
    table = filled_columns([_row(proposal) for proposal in waiting[:shown]], title=title)
    if len(waiting) > shown:
        table.caption = f"and {len(waiting) - shown:,} more: --shown {len(waiting)}"
    return table


def _row(proposal: "Proposal") -> dict[str, str]:
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
    return f"{earliest:{_TIME}}" if earliest == latest else f"{earliest:{_TIME}} to {latest:{_TIME}}"
