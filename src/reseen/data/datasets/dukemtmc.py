"""The DukeMTMC-reID layout (Zheng et al., ICCV 2017): Market-1501's folders, eight cameras, a frame number.

``0002_c1_f0044158.jpg``: identity 0002, camera 1, frame 44158. The set was withdrawn; see ``LAYOUT.about``.
"""

import re
from pathlib import Path

from reseen.data.datasets.layout import About, Count, Layout, PublishedCounts
from reseen.data.datasets.market1501 import read_like_market
from reseen.data.datasets.naming import Naming, home
from reseen.data.datasets.places import some_image
from reseen.data.table import Splits

EXPECTS = "a folder with bounding_box_train/, query/, bounding_box_test/ of files like 0002_c1_f0044158.jpg"
NAMING = Naming(
    folders=("bounding_box_train", "query", "bounding_box_test"),
    pattern=re.compile(r"(-1|\d+)_c(\d+)_f\d"),
    example="0002_c1_f0044158.jpg",
)


def recognise(path: Path) -> bool:
    """Whether this folder, or its only sub-folder of this kind, has Market's folders of files named with a frame."""
    root = home(path, NAMING)
    return root is not None and any(NAMING.pattern.match(some_image(root / name)) for name in NAMING.folders)


def read(path: Path) -> Splits:
    """The tables of a folder in this layout; cameras named "1" to "8" as in the file names."""
    return read_like_market("dukemtmc", home(path, NAMING) or path, NAMING)


LAYOUT = Layout(
    recognise,
    read,
    EXPECTS,
    About(
        title="DukeMTMC-reID",
        task="person",
        source="Ristani et al., ECCV Workshops 2016; re-ID form of Zheng et al., ICCV 2017",
        access="withdrawn by its authors in 2019: reseen never downloads it, and reads only a copy that you have",
        licence="withdrawn over how it was recorded and shared; some venues refuse results on it",
    ),
    protocol="dukemtmc",
    published=(PublishedCounts(train=Count(16_522, 702), query=Count(2_228, 702), gallery=Count(17_661, 1_110)),),
)
