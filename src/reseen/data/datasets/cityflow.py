"""The CityFlow re-ID layout (Tang et al., CVPR 2019) of the AI City Challenge, track 2 of 2019 to 2021.

``image_train/000001.jpg``: names are numbers, and the vehicle and the camera stand in ``train_label.xml``:
``<Item imageName="000001.jpg" vehicleID="0001" cameraID="c001"/>``. The challenge withholds the test labels. Without
them the training identities are split here; with ``query_label.xml`` and ``test_label.xml`` that name vehicles, those
are the query and the gallery.
"""

from collections.abc import Mapping
from pathlib import Path

from reseen.data.datasets.items import read_items
from reseen.data.datasets.layout import About, Count, Layout, PublishedCounts
from reseen.data.datasets.listing import ListEntry, listed_split
from reseen.data.datasets.naming import images_in
from reseen.data.datasets.places import find_home, some_image
from reseen.data.datasets.splitting import split_identities, split_queries
from reseen.data.table import Split, Splits, first
from reseen.errors import ReseenError

EXPECTS = "a folder with image_train/ of files like 000001.jpg and train_label.xml, as AIC21_Track2_ReID has them"
_TRAIN = ("image_train", "train_label.xml")
_QUERY = ("image_query", "query_label.xml")
_GALLERY = ("image_test", "test_label.xml")

# Read as text: the files declare gb2312, which Python's XML parser does not know.


def recognise(path: Path) -> bool:
    """Whether this folder, or its only sub-folder of this kind, has training images named by number, and labels."""
    return find_home(path, _is_home) is not None


def read(path: Path, seed: int) -> Splits:
    """The tables of a folder in this layout; cameras named "c001" and so on as in the labels."""
    root = find_home(path, _is_home) or path
    train = _labelled(root, *_TRAIN)
    notes = _unlisted(root, train)
    if _has_vehicles(root / _QUERY[1]) and _has_vehicles(root / _GALLERY[1]):
        return Splits("cityflow", root, train, _labelled(root, *_QUERY), _labelled(root, *_GALLERY), notes=notes)
    trained, test = split_identities(train, seed=seed)
    left = sum(len(images_in(root / name)) for name, _ in (_QUERY, _GALLERY) if (root / name).is_dir())
    withheld = (
        f"the challenge withholds the test labels: {left} images of {_QUERY[0]} and {_GALLERY[0]} are left out, and"
        f" the {len(train)} of {_TRAIN[0]} are split here by identity, seed {seed}; no published score compares"
    )
    return Splits("cityflow", root, trained, *split_queries(test, seed=seed), notes=(withheld, *notes))


def _is_home(folder: Path) -> bool:
    return (folder / _TRAIN[1]).is_file() and Path(some_image(folder / _TRAIN[0])).stem.isdecimal()


def _has_vehicles(file: Path) -> bool:
    items = read_items(file)
    return bool(items) and all(item.get("vehicleID") for item in items)


def _labelled(root: Path, folder: str, labels: str) -> Split:
    file = root / labels
    items = read_items(file)
    if not items:
        raise ReseenError(f'{file}: expected <Item imageName="..." vehicleID="..." cameraID="..."/> lines, got none')
    wrong = [str(item) for item in items if not (item.get("imageName") and item.get("vehicleID"))]
    if wrong:
        raise ReseenError(f"{file}: {len(wrong)} of {len(items)} items name no image or no vehicle: {first(wrong)}")
    return listed_split([_entry(root / folder, item) for item in items], source=file)


def _entry(folder: Path, item: Mapping[str, str]) -> ListEntry:
    return ListEntry(folder / item["imageName"], item["vehicleID"], item.get("cameraID"))


def _unlisted(root: Path, train: Split) -> tuple[str, ...]:
    listed = {path.name for path in train.paths}
    others = [path.name for path in images_in(root / _TRAIN[0]) if path.name not in listed]
    left = f"{len(others)} images of {_TRAIN[0]} are left out, not in {_TRAIN[1]}: {first(others)}"
    return (left,) if others else ()


LAYOUT = Layout(
    recognise,
    read,
    EXPECTS,
    About(
        title="CityFlow re-ID (AI City Challenge, track 2)",
        task="vehicle",
        source="Tang et al., CityFlow: A City-Scale Benchmark, CVPR 2019",
        access="from the AI City Challenge, by its data licence agreement; the test labels are withheld",
        licence="research only, by the agreement that comes with it (DataLicenseAgreement_AICityChallenge.pdf)",
    ),
    protocol="aic",
    same_camera_counts=True,
    published=(
        PublishedCounts(whole=Count(36_935, 333), edition="2019 and 2020, labelled part"),
        PublishedCounts(whole=Count(52_717, 440), edition="2021, labelled part"),
        PublishedCounts(
            train=Count(36_935, 333),
            query=Count(1_052),
            gallery=Count(18_290),
            edition="2019 and 2020, with test labels",
        ),
        PublishedCounts(train=Count(52_717, 440), edition="2021, with test labels"),
    ),
)
