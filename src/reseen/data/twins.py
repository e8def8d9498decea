"""The pairs of identities that a synthetic set was made with: twins, which differ in a few marks only."""

import json
from pathlib import Path

from reseen.errors import ReseenError

IdentityPair = tuple[str, str]


def known_twins(root: Path) -> list[IdentityPair]:
    """The twins of a synthetic set, from its synth.json; none for other data. ReseenError: the file is damaged."""
    facts = root / "synth.json"
    if not facts.is_file():
        return []
    try:
        pairs = json.loads(facts.read_text(encoding="utf-8"))["twin_pairs"]
        return [(str(first), str(second)) for first, second in pairs]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReseenError(f"{facts}: expected what `reseen synth` wrote, with twin_pairs: {error}") from None
