"""Equal files in several splits, found by size first, so that few files are read."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from reseen.data.check import duplicates
from reseen.data.datasets import LAYOUTS
from reseen.data.fingerprint import content_digest
from reseen.data.summary import Finding
from reseen.data.table import Split, Splits
from reseen.data.threads import in_threads
from reseen.errors import ReseenError

_ALIKE = 0.9
"""From this share of queries that also stand in the gallery on, query and gallery count as the same images."""


def content_digests(splits: Splits) -> dict[str, bytes]:
    """A digest of each file that stands in several splits, or is as large as another of another split."""
    places: dict[Path, set[str]] = {}
    for name, split in splits.tables().items():
        for path in split.paths:
            places.setdefault(path, set()).add(name)
    by_size: dict[int, list[Path]] = {}
    for path in places:
        by_size.setdefault(_size(path), []).append(path)
    rivals = [
        path
        for paths in by_size.values()
        if len(paths) > 1 and len(set().union(*(places[path] for path in paths))) > 1
        for path in paths
    ]
    digests = {str(path): str(path).encode() for path, names in places.items() if len(names) > 1}
    return digests | {str(path): digest for path, digest in in_threads(_digest, rivals) if digest}


def same_images(splits: Splits, digests: Mapping[str, bytes]) -> bool:
    """Whether nearly all query images stand in the gallery too."""
    gallery = _known(splits.gallery, digests)
    return _found(splits.query, gallery, digests) >= max(1, _ALIKE * len(splits.query))


def copy_findings(splits: Splits, digests: Mapping[str, bytes]) -> Iterator[Finding]:
    """That query and gallery are the same images, or else which images stand in several splits."""
    named, in_gallery = splits.tables(), LAYOUTS[splits.layout].queries_in_gallery
    if same_images(splits, digests):
        named = {"train": splits.train, "gallery": splits.gallery}
        count = _found(splits.query, _known(splits.gallery, digests), digests)
        if not in_gallery:
            yield Finding(
                "same-images",
                f"{count} of {len(splits.query)} query images also stand in the gallery, which has "
                f"{len(splits.gallery)}: where cameras are not known each finds itself first and the test is void",
                (),
            )
    yield from duplicates(named, digests, splits.root, queries_in_gallery=in_gallery)


def _known(split: Split, digests: Mapping[str, bytes]) -> set[bytes]:
    return {digests[path] for path in split.frame["path"] if path in digests}


def _found(split: Split, among: set[bytes], digests: Mapping[str, bytes]) -> int:
    return sum(digests.get(path, b"") in among for path in split.frame["path"])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _digest(path: Path) -> bytes:
    try:
        return content_digest(path)
    except ReseenError:
        return b""
