"""Counts beside the published ones: equal, damaged, of another set, rendered here, of several editions."""

from pathlib import Path

import pytest

from reseen.data.datasets.layout import Count, PublishedCounts
from reseen.data.published import CountComparison, compare
from reseen.data.table import Split, Splits, split_of

THE_SET = (PublishedCounts(train=Count(40, 4), query=Count(10, 2), gallery=Count(50, 3)),)


def table(images: int, identities: int, *, junk: int = 0) -> Split:
    names = [f"{place % identities}" for place in range(images)] + ["-1"] * junk
    return split_of([f"{place}.jpg" for place in range(len(names))], names)


def compared(root: Path, *sizes: tuple[int, int], junk: int = 0) -> CountComparison | None:
    train, query, gallery = sizes
    tables = (table(*train), table(*query), table(*gallery, junk=junk))
    return compare(Splits("x", root, *tables), THE_SET)


def test_equal_counts_are_said_and_junk_is_not_counted(tmp_path: Path) -> None:
    assert compared(tmp_path, (40, 4), (10, 2), (50, 3), junk=7) == CountComparison(
        "counts are the published ones", False
    )


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        (((39, 4), (10, 2), (50, 3)), "train 39 of 4, not 40 of 4"),
        (((40, 3), (10, 2), (50, 3)), "train 40 of 3, not 40 of 4"),
        (((40, 4), (9, 2), (1, 1)), "query 9 of 2, not 10 of 2; gallery 1 of 1, not 50 of 3"),
        (((1, 1), (10, 2), (1, 1)), "train 1 of 1, not 40 of 4; gallery 1 of 1, not 50 of 3"),
        (((30, 4), (5, 2), (15, 3)), "train 30 of 4"),
    ],
)
def test_a_damaged_copy_is_found(tmp_path: Path, sizes: tuple[tuple[int, int], ...], told: str) -> None:
    found = compared(tmp_path, *sizes)
    assert found is not None
    assert found.damaged
    assert told in found.line
    assert found.line.endswith("a part is missing, or this is another set")


@pytest.mark.parametrize("sizes", [((3, 2), (2, 2), (4, 2)), ((30, 4), (5, 2), (14, 3)), ((400, 40), (99, 9), (9, 3))])
def test_a_small_part_and_another_set_are_no_damage(tmp_path: Path, sizes: tuple[tuple[int, int], ...]) -> None:
    found = compared(tmp_path, *sizes)
    assert found is not None
    assert not found.damaged
    assert f"train {sizes[0][0]} of {sizes[0][1]}, not 40 of 4" in found.line


def test_a_set_rendered_here_is_never_damaged(tmp_path: Path) -> None:
    (tmp_path / "synth.json").write_text("{}")
    found = compared(tmp_path, (39, 4), (10, 2), (50, 3))
    assert found is not None
    assert not found.damaged
    assert found.line.startswith("rendered by reseen, so counts are not the published ones: train 39 of 4")


def test_the_nearest_edition_is_meant_and_named() -> None:
    editions = (PublishedCounts(whole=Count(80, 8), edition="old"), PublishedCounts(whole=Count(120, 9), edition="new"))
    tables = (table(60, 4), table(20, 2), table(38, 2))
    found = compare(Splits("x", Path("nowhere"), *tables), editions)
    assert found is not None
    assert found.damaged
    assert found.line.startswith("counts are not the published ones (new): whole 118 of 4, not 120 of 9")


def test_identities_that_sources_do_not_agree_on_are_not_compared() -> None:
    found = compare(
        Splits("x", Path("nowhere"), table(40, 4), table(9, 2), table(5, 1)), (PublishedCounts(train=Count(40)),)
    )
    assert found == CountComparison("counts are the published ones", False)


def test_nothing_published_is_nothing_to_say() -> None:
    assert compare(Splits("x", Path("nowhere"), table(4, 2), table(2, 2), table(2, 2)), ()) is None
