"""The files of proposals beside a gallery: where they are, and reading and writing them whole."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from reseen.errors import ReseenError
from reseen.files import write_bytes
from reseen.formats import migrated, with_format
from reseen.retrieval.discover.proposal import Discovery, Proposal
from reseen.retrieval.store import Store

FOLDER, PROPOSALS, JOURNAL, LOCK = "discover", "proposals.json", "decisions.jsonl", "lock"


class Stored(NamedTuple):
    """The proposals of the last look at a gallery, and the step of the journal before it."""

    proposals: tuple[Proposal, ...]
    step: int


def discover_folder(store: Store) -> Path:
    """Where the proposals of a gallery are. Raises ReseenError for an object store."""
    if store.folder is None:
        raise ReseenError(
            f"{store.uri}: expected a gallery in a folder, where proposals and decisions are kept; this one is in an "
            "object store"
        )
    return store.folder / FOLDER


def write_stored(folder: Path, found: Discovery, *, step: int) -> None:
    """Keep what was found in place of what was kept before."""
    values = {
        "step": step,
        **{name: value for name, value in found._asdict().items() if name != "proposals"},
        "proposals": [proposal.as_json() for proposal in found.proposals],
    }
    write_bytes(folder / PROPOSALS, json.dumps(with_format("discovery", values)).encode())


def read_stored(folder: Path, *, name: str) -> Stored:
    """What is kept; empty where nothing is. Raises ReseenError, which begins with ``name``, for a damaged file."""
    path = folder / PROPOSALS
    try:
        values: Mapping[str, Any] = migrated("discovery", json.loads(path.read_bytes()), name=str(path))
        return Stored(tuple(map(Proposal.from_json, values["proposals"])), int(values["step"]))
    except FileNotFoundError:
        return Stored((), 0)
    except (ValueError, TypeError, KeyError):
        raise ReseenError(f"{name}: its proposals cannot be read; `reseen gallery discover` makes them anew") from None
