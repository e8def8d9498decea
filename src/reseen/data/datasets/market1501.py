"""The Market-1501 layout (Zheng et al., ICCV 2015), which many other sets share.

``0002_c1s1_000451_03.jpg``: identity 0002, camera 1. Identity -1 is junk and 0000 a distractor: both stay in
the gallery, where the protocol deals with them, and never stand in train.
"""

import re
from pathlib import Path

import numpy as np

from reseen.data.datasets.layout import About, Count, Layout, PublishedCounts
from reseen.data.datasets.naming import Naming, home, read_named
from reseen.data.table import Splits

EXPECTS = "a folder with bounding_box_train/, query/, bounding_box_test/ of files like 0002_c1s1_000451_03.jpg"
NAMING = Naming(
    folders=("bounding_box_train", "query", "bounding_box_test"),
    pattern=re.compile(r"(-1|\d+)_c(\d+)"),
    example="0002_c1s1_000451_03.jpg",
)
NOBODY = ("-1", "0000")
"""The identities of images that show no one of the training set: junk and distractors."""


def recognise(path: Path) -> bool:
    """Whether this folder, or its only sub-folder of this kind, has a folder of the layout."""
    return home(path, NAMING) is not None


def read(path: Path) -> Splits:
    """The tables of a folder in this layout; cameras named "1" to "6" as in the file names."""
    return read_like_market("market1501", home(path, NAMING) or path, NAMING)


def read_like_market(layout: str, root: Path, naming: Naming) -> Splits:
    """The tables of a folder in this layout or one that shares it; junk and distractors leave train, and a note."""
    tables = read_named(root, naming)
    someone = ~np.isin(tables.train.identities, NOBODY)
    left_out = int((~someone).sum())
    notes = (f"{left_out} junk or distractor images of {naming.folders[0]} left out",) if left_out else ()
    train = tables.train.rows(someone)
    return Splits(layout, root, train, tables.query, tables.gallery, tables.unparsed, notes)


LAYOUT = Layout(
    recognise,
    read,
    EXPECTS,
    About(
        title="Market-1501",
        task="person",
        source="Zheng et al., Scalable Person Re-identification: A Benchmark, ICCV 2015",
        access="download from the authors' page",
        licence="given out for research; read the authors' terms",
    ),
    protocol="market1501",
    published=(PublishedCounts(train=Count(12_936, 751), query=Count(3_368, 750), gallery=Count(15_913, 751)),),
)
