"""`check`: the counts of a data set, and the faults that would spoil training or falsify a score."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars

from reseen.data.datasets import LAYOUTS, read_data
from reseen.data.fingerprint import content_digest
from reseen.data.opening import open_image
from reseen.data.published import compare
from reseen.data.summary import CheckReport, Finding, summarise
from reseen.data.table import Split, Splits, first
from reseen.data.threads import in_threads
from reseen.errors import ReseenError
from reseen.progress import ProgressCallback

_JUNK = "-1"
_EXAMPLES = 3


def check(
    path: Path | str, *, layout: str = "auto", seed: int = 0, progress: ProgressCallback | None = None
) -> CheckReport:
    """Read a data set, decode and hash every image, and report counts and faults.

    Args:
        path: A folder in a known layout, or a CSV or Parquet table.
        layout: The layout's name, as `read_data` takes it.
        seed: Decides the split of layouts that bring none.
        progress: Called with (done, total) images.

    Raises:
        ReseenError: There is no data set to read.

    Example (not run):
        ```python
        report = check("Market-1501-v15.09.15")
        print(report.tables(), *report.lines(), sep="\\n")
        ```
    """
    splits = read_data(path, layout=layout, seed=seed, allow_unparsed=True)
    named = splits.tables()
    paths = sorted({image for split in named.values() for image in split.paths})
    reasons, digests = _examine(paths, progress)
    known = LAYOUTS[splits.layout]
    counts = compare(splits, known.published)
    findings = (
        *_unparsed(splits),
        *((Finding("published-counts", counts.line, ()),) if counts and counts.damaged else ()),
        *_unreadable(reasons, len(paths), splits.root),
        *no_valid_match(splits.query, splits.gallery, same_camera_counts=known.same_camera_counts),
        *both_sides(splits),
        *duplicates(named, digests, splits.root, queries_in_gallery=known.queries_in_gallery),
    )
    summaries = tuple(summarise(name, split) for name, split in named.items())
    notes = (*_notes(splits), *((counts.line,) if counts and not counts.damaged else ()))
    return CheckReport(splits.layout, splits.root, summaries, findings, notes)


def _examine(paths: Sequence[Path], progress: ProgressCallback | None) -> tuple[dict[Path, str], dict[str, bytes]]:
    """The reason for each image that does not decode, and the digest of every file that can be read."""
    reasons: dict[Path, str] = {}
    digests: dict[str, bytes] = {}
    for path, (reason, digest) in in_threads(_examine_one, paths, progress=progress):
        if reason:
            reasons[path] = reason
        if digest:
            digests[str(path)] = digest
    return reasons, digests


def _examine_one(path: Path) -> tuple[str, bytes]:
    try:
        digest = content_digest(path)
    except ReseenError as error:
        return str(error), b""
    try:
        open_image(path)
    except ReseenError as error:
        return str(error), digest
    return "", digest


def _unparsed(splits: Splits) -> Iterator[Finding]:
    for left in splits.unparsed:
        yield Finding("unparsed-names", left.message, left.names[:_EXAMPLES])


def _unreadable(reasons: Mapping[Path, str], total: int, root: Path) -> Iterator[Finding]:
    if reasons:
        examples = tuple(reason.removeprefix(f"{root}/") for reason in list(reasons.values())[:_EXAMPLES])
        yield Finding("unreadable", f"{len(reasons)} of {total} images cannot be read", examples)


def no_valid_match(query: Split, gallery: Split, *, same_camera_counts: bool) -> Iterator[Finding]:
    """Queries whose identity is not in the gallery, or only under their own camera where that does not count."""
    cameras: dict[str, set[str]] = {}
    for identity, camera in zip(gallery.identities.tolist(), gallery.cameras.tolist(), strict=True):
        cameras.setdefault(identity, set()).add(camera)
    absent, same = [], []
    for identity, camera in zip(query.identities.tolist(), query.cameras.tolist(), strict=True):
        there = cameras.get(identity, set()) if identity != _JUNK else set()
        if not there:
            absent.append(identity)
        elif camera and there == {camera} and not same_camera_counts:
            same.append((identity, camera))
    total = len(query)
    if absent:
        names = sorted(set(absent))
        message = f"{len(absent)} of {total} queries have no valid match: not in the gallery, identities"
        yield Finding("no-valid-match", f"{message} {first(names)}", tuple(names[:_EXAMPLES]))
    if same:
        pairs = tuple(f"{identity} (camera {camera})" for identity, camera in sorted(set(same)))
        message = f"{len(same)} of {total} queries have no valid match: in the gallery only under their own camera,"
        yield Finding("no-valid-match", f"{message} identities {first(pairs)}", pairs[:_EXAMPLES])


def both_sides(splits: Splits) -> Iterator[Finding]:
    """Training identities that also stand in query or gallery."""
    tested = {*splits.query.identity_names, *splits.gallery.identity_names}
    both = sorted(tested.intersection(splits.train.identity_names))
    if both:
        total = len(splits.train.identity_names)
        message = f"{len(both)} of {total} training identities also stand in query or gallery: {first(both)}"
        yield Finding("identity-on-both-sides", message, tuple(both[:_EXAMPLES]))


def duplicates(
    named: Mapping[str, Split], digests: Mapping[str, bytes], root: Path, *, queries_in_gallery: bool
) -> Iterator[Finding]:
    """Files of equal content in more than one split; ``digests``: of each path that is compared, by its text."""
    places: dict[bytes, set[tuple[str, str]]] = {}
    for name, split in named.items():
        for path in split.frame["path"]:
            if path in digests:
                places.setdefault(digests[path], set()).add((name, path))
    groups = [sorted(group) for group in places.values() if len({name for name, _ in group}) > 1]
    if queries_in_gallery:
        groups = [group for group in groups if not _same_query(group)]
    if groups:
        examples = tuple(
            " = ".join(
                f"{name}: {Path(path).relative_to(root) if Path(path).is_relative_to(root) else path}"
                for name, path in group
            )
            for group in sorted(groups)[:_EXAMPLES]
        )
        message = f"{len(groups)} images stand in more than one split with the same content"
        yield Finding("duplicate-across-splits", message, examples)


def _same_query(group: Sequence[tuple[str, str]]) -> bool:
    """Whether these are only query images with their own copies in the gallery."""
    parts = ("train", "query", "gallery")
    names = {part: {Path(path).name for name, path in group if name == part} for part in parts}
    return not names["train"] and names["query"] <= names["gallery"]


def _notes(splits: Splits) -> Iterator[str]:
    yield from splits.notes
    counts = splits.train.frame.group_by("identity").len()
    single = sorted(counts.filter(polars.col("len") == 1)["identity"])
    if single:
        yield f"{len(single)} of {counts.height} training identities have one image only: {first(single)}"
    for name, split in splits.tables().items():
        if not len(split):
            yield f"{name} is empty"
        for column in ("camera", "view"):
            unknown = split.frame[column].null_count()
            if 0 < unknown < len(split):
                yield f"{unknown} of {len(split)} {name} images have no known {column}"
