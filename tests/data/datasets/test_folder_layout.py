"""A folder per identity: split by identity and by seed, single images as distractors."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reseen.data.datasets import read_data
from reseen.errors import ReseenError


@pytest.fixture
def folders(tmp_path: Path, write_named: Callable[..., Path]) -> Path:
    names = [f"cat {identity}/{number}.png" for identity in range(8) for number in range(identity + 1)]
    return write_named(tmp_path / "cats", names)


def test_half_of_the_identities_train_and_none_is_on_both_sides(folders: Path) -> None:
    splits = read_data(folders)
    trained = set(splits.train.identity_names)
    tested = {*splits.query.identity_names, *splits.gallery.identity_names}
    assert len(trained) == len(tested) == 4
    assert trained | tested == {f"cat {identity}" for identity in range(8)}
    assert len(splits.train) + len(splits.query) + len(splits.gallery) == 36
    assert splits.train.camera_names == ()
    for name in tested:
        count = int(name[-1]) + 1
        queries = (splits.query.identities == name).sum()
        assert queries == (0 if count == 1 else max(1, round(0.2 * count)))


def test_the_seed_decides_the_split(folders: Path) -> None:
    assert read_data(folders, seed=3).query.frame.equals(read_data(folders, seed=3).query.frame)
    assert len({read_data(folders, seed=seed).train.identity_names for seed in range(5)}) > 1


def test_too_few_identities_are_refused(tmp_path: Path, write_named: Callable[..., Path]) -> None:
    write_named(tmp_path / "one", ["a/0.png", "a/1.png"])
    with pytest.raises(ReseenError, match=r"expected at least 2 identities, .* got 1"):
        read_data(tmp_path / "one")
    write_named(tmp_path / "singles", ["a/0.png", "b/0.png"])
    with pytest.raises(ReseenError, match="none of the 1 test identities can have a query"):
        read_data(tmp_path / "singles")


def test_images_beside_the_folders_are_no_identity(tmp_path: Path, write_named: Callable[..., Path]) -> None:
    write_named(tmp_path, ["cover.png"])
    with pytest.raises(ReseenError, match="got none of these"):
        read_data(tmp_path)
    with pytest.raises(ReseenError, match="got no image in any sub-folder"):
        read_data(tmp_path, layout="folder")
