"""The protocol, re-ranking and expansions that options of `reseen evaluate` say; options without effect are refused."""

from collections.abc import Mapping

from reseen.cli.options import given, words
from reseen.errors import ReseenError
from reseen.metrics import KReciprocal, PartAreas, Protocol, Reranking, custom_protocol
from reseen.tasks.reid.postprocess import Expansion

CUSTOM = "custom"


def protocol_of(name: str | None, rules: Mapping[str, object]) -> str | Protocol | None:
    """The protocol's name, or a custom one of these rules; ReseenError for rules without "custom", or the reverse."""
    options = given(**rules)
    if name != CUSTOM:
        _refuse(options, f"belongs to --protocol {CUSTOM}; a named protocol has its own rules")
        return name
    if "drop_same_camera" not in options:
        raise ReseenError(f"--protocol {CUSTOM}: say --drop-same-camera or --keep-same-camera")
    if "trials" in options and "shots" not in options:
        raise ReseenError("--trials: nothing is drawn without --shots, the images an identity in the gallery")
    if "junk" in options:
        options["junk"] = words(str(options["junk"]))
    return custom_protocol(**options)


def reranking_of(
    settings: Mapping[str, float | None],
    *,
    wanted: bool,
    part_areas: int | None = None,
    shortlist: int | None = None,
) -> Reranking | None:
    """k-reciprocal re-ranking if it is ``wanted``, or that of so many parts by their areas, of a shortlist or of all.

    ReseenError for both, and for settings of one without it.
    """
    options = given(**settings)
    if part_areas is not None:
        _refuse({**options, **({"rerank": True} if wanted else {})}, "does not go with --part-areas, which ranks alone")
        return PartAreas(part_areas, shortlist=shortlist)
    _refuse(given(shortlist=shortlist), "belongs to --part-areas")
    if not wanted:
        _refuse(options, "belongs to --rerank")
        return None
    return KReciprocal(**options)


def expansion_of(neighbours: Mapping[str, int | None], *, alpha: float | None) -> dict[str, Expansion]:
    """Expansion by its option's name, where neighbours are given; ReseenError for an alpha without neighbours."""
    options = {name: count for name, count in neighbours.items() if count is not None}
    if alpha is not None and not options:
        raise ReseenError("--alpha belongs to --expand and --expand-gallery")
    return {name: Expansion(count, alpha or 0.0) for name, count in options.items()}


def _refuse(options: Mapping[str, object], why: str) -> None:
    for name in options:
        raise ReseenError(f"{_flag(name, options[name])} {why}")


def _flag(name: str, value: object) -> str:
    return "--keep-same-camera" if (name, value) == ("drop_same_camera", False) else f"--{name.replace('_', '-')}"
