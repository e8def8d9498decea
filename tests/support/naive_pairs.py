"""The pairs that count, one at a time from the definitions: the second source of the calibration's tests."""

from typing import NamedTuple

from naive_evaluation import cosine, is_unknown
from reseen.metrics import Embedded, Protocol


class Pair(NamedTuple):
    query: int
    entry: int
    genuine: bool
    similarity: float


def naive_pairs(query: Embedded, gallery: Embedded, *, protocol: Protocol) -> list[Pair]:
    pairs = []
    for row in range(len(query)):
        for entry in range(len(gallery)):
            one, other = str(query.identities[row]), str(gallery.identities[entry])
            genuine = one == other
            if one in protocol.junk or other in protocol.junk:
                continue
            if genuine and protocol.drop_same_camera and _same(query.cameras, gallery.cameras, row, entry):
                continue
            if genuine and _same_image(query, gallery, row, entry):
                continue
            pairs.append(Pair(row, entry, genuine, cosine(query.vectors[row], gallery.vectors[entry])))
    return pairs


def _same(query, gallery, row: int, entry: int) -> bool:
    return bool(query[row] == gallery[entry]) and not is_unknown(query[row])


def _same_image(query: Embedded, gallery: Embedded, row: int, entry: int) -> bool:
    if query.names is None or not _same(query.names, gallery.names, row, entry):
        return False
    return query.cameras is None or bool(query.cameras[row] == gallery.cameras[entry])
