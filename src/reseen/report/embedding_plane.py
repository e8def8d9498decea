"""Query and gallery embeddings laid on a plane, by identity, camera and view."""

import numpy as np
from numpy.typing import NDArray

from reseen.data.twins import IdentityPair
from reseen.draw.scatter import LEAST, Panel, most_frequent, place_on_plane, plot_plane, sample_identities
from reseen.draw.style import PALETTE
from reseen.metrics.labels import known
from reseen.report.confusions import hard_pairs
from reseen.report.images import Drawing
from reseen.tasks.reid.scoring import Evaluated


def embedding_plane(result: Evaluated) -> Drawing | None:
    """Query and gallery together; the identities that stand out are the pairs most often confused.

    None where there are too few images.
    """
    sides = (result.query, result.gallery)
    identities = np.concatenate([side.identities.astype(np.str_) for side in sides])
    counted = np.flatnonzero(~np.isin(identities, result.protocol.junk))
    rows = counted[sample_identities(identities[counted])]
    if len(rows) < LEAST:
        return None
    points = place_on_plane(np.concatenate([side.vectors for side in sides])[rows])
    panels = [_identity_panel(result, identities[rows])]
    for name, columns in (("camera", [side.cameras for side in sides]), ("view", [side.views for side in sides])):
        if all(column is not None and known(column).any() for column in columns):
            labels = np.concatenate([np.asarray(column) for column in columns])[rows]
            panels.append(Panel(name, labels, most_frequent(labels)))
    return plot_plane(points, panels)


def _identity_panel(result: Evaluated, identities: NDArray[np.str_]) -> Panel:
    pairs: list[IdentityPair] = []
    for confusion in hard_pairs(result)[1]:
        own, other = result.query.identities[confusion.query], result.gallery.identities[confusion.other[0].row]
        if not {str(own), str(other)} & {name for pair in pairs for name in pair}:
            pairs.append((str(own), str(other)))
    if not pairs:
        return Panel("identity", identities, most_frequent(identities))
    firsts, seconds = zip(*pairs[: len(PALETTE)], strict=True)
    return Panel("identity, in confused pairs", identities, [*firsts, *seconds])
