"""What is proposed: records to name, to merge with an identity, or to split from one, each with its evidence."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Self, TypeAlias

Kind: TypeAlias = Literal["name", "merge", "split"]

SHOWN = 12
"""The most records of each side that are looked at to decide a proposal: of ``beside`` no more are kept."""


class Nearby(NamedTuple):
    """The most similar record of another identity, or without one: ``identity`` is None then."""

    identity: str | None
    record: str
    similarity: float


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Records that would get another identity, and why.

    Attributes:
        id: 8 hexadecimal digits: the same for the same records and identities.
        kind: "name": records without identity that look like one individual. "merge": records without identity, or all
            of one identity, that look like ``target``. "split": records of an identity that do not look like the rest.
        records: The ids of the records that would change, the most typical first.
        identity: What they hold now, None for no identity.
        target: The identity that they would get, None where that needs a new name.
        beside: Some records of ``target``, or of the rest of a split identity, the most similar first.
        beside_count: How many of these there are.
        similarity: The similarity that decides, in [-1, 1]. "name": the mean between the two parts of the records that
            joined last. "merge": the mean of each record's best in the target. "split": the best between the two parts.
        probability: That the proposal is right; None where nothing is calibrated, and for identities that would be
            merged or split, since how often names are wrong is not known.
        evidence: The same in nats of log odds, as far as it is known; proposals are ordered by it.
        cameras: The cameras of the records, sorted.
        earliest: The first time of the records, if any has one.
        latest: The last.
        nearest: The nearest others.
    """

    id: str
    kind: Kind
    records: tuple[str, ...]
    identity: str | None
    target: str | None
    beside: tuple[str, ...]
    beside_count: int
    similarity: float
    probability: float | None
    evidence: float
    cameras: tuple[str, ...]
    earliest: datetime | None
    latest: datetime | None
    nearest: tuple[Nearby, ...]

    @property
    def text(self) -> str:
        """The proposal in words.

        >>> Proposal.from_json({"kind": "name", "records": ["a", "b"]}).text
        '2 records without identity look like one individual'
        """
        count = counted(len(self.records))
        if self.kind == "name":
            return f"{count} without identity look like one individual"
        if self.kind == "split":
            return f"{count} of '{self.identity}' do not look like its other {self.beside_count:,}"
        who = f"{count} without identity" if self.identity is None else f"'{self.identity}' ({count})"
        look = "look" if self.identity is None and len(self.records) > 1 else "looks"
        return f"{who} {look} like '{self.target}' ({counted(self.beside_count)})"

    def as_json(self) -> dict[str, Any]:
        """All values as JSON has them."""
        times = {
            name: value and value.isoformat() for name, value in (("earliest", self.earliest), ("latest", self.latest))
        }
        return {**asdict(self), **times, "nearest": [list(other) for other in self.nearest]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave; what is absent is empty."""
        read: dict[str, Any] = {"id": values.get("id", ""), "kind": values["kind"]}
        read |= {name: tuple(values.get(name, ())) for name in ("records", "beside", "cameras")}
        read |= {name: values.get(name) for name in ("identity", "target", "probability")}
        read |= {name: values.get(name, 0) for name in ("beside_count", "similarity", "evidence")}
        read["nearest"] = tuple(Nearby(*other) for other in values.get("nearest", ()))
        for name in ("earliest", "latest"):
            read[name] = values.get(name) and datetime.fromisoformat(values[name])
        return cls(**read)


class Discovery(NamedTuple):
    """The proposals of one look at a gallery, the most certain first.

    Attributes:
        proposals: What is proposed and not decided.
        records: How many records were looked at.
        unnamed: How many of them have no identity.
        identities: How many identities the others have.
        judged_by: How similarities were judged, in words.
    """

    proposals: tuple[Proposal, ...]
    records: int
    unnamed: int
    identities: int
    judged_by: str


def proposal_id(kind: Kind, records: Sequence[str], *, identity: str | None, target: str | None) -> str:
    """8 hexadecimal digits of what would change."""
    text = json.dumps([kind, identity, target, sorted(records)])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def counted(records: int) -> str:
    """The number in words.

    >>> counted(1), counted(2000)
    ('1 record', '2,000 records')
    """
    return f"{records:,} record{'' if records == 1 else 's'}"
