"""Metadata: which row an image gets, what is unknown, what is out of range, and what training drops."""

import pytest
import torch

from reseen.backbones import build_backbone
from reseen.errors import ReseenError
from reseen.models.assemble import BranchConfig, MetadataConfig, multi_branch
from reseen.models.metadata import Metadata
from reseen.types import UNKNOWN

CAMERAS, VIEWS = ("001", "002", "014"), ("0", "5")


def metadata(**settings: float) -> Metadata:
    table = Metadata(branches=2, channels=4, camera_names=CAMERAS, view_names=VIEWS, **settings)
    torch.nn.init.normal_(table.table)
    return table.eval()


def test_the_metadata_table_begins_at_zero() -> None:
    table = Metadata(branches=2, channels=4, camera_names=CAMERAS, view_names=VIEWS)
    assert table.table.shape == (2, 4, 3, 4), "three cameras and unknown, two views and unknown"
    assert not table.table.any()


@pytest.mark.parametrize(
    ("camera", "view", "row"),
    [(0, 0, (0, 0)), (2, 1, (2, 1)), (UNKNOWN, 1, (3, 1)), (1, UNKNOWN, (1, 2)), (UNKNOWN, UNKNOWN, (3, 2))],
)
def test_each_image_gets_the_row_of_its_camera_and_view(camera: int, view: int, row: tuple[int, int]) -> None:
    table = metadata()
    shifts = table(torch.tensor([camera]), torch.tensor([view]), batch=1)
    assert torch.equal(shifts, table.table[:, row[0], row[1]][:, None])


def test_withheld_is_the_same_as_unknown() -> None:
    table = metadata()
    unknown = torch.tensor([UNKNOWN, UNKNOWN])
    assert torch.equal(table(None, None, batch=2), table(unknown, unknown, batch=2))
    views = torch.tensor([0, 1])
    assert torch.equal(table(None, views, batch=2), table(unknown, views, batch=2))


@pytest.mark.parametrize(
    ("cameras", "views", "message"),
    [
        ([3], [0], "camera out of range: expected 0 to 2, or -1 for unknown, got 3"),
        ([0], [-2], "view out of range: expected 0 to 1, or -1 for unknown, got -2"),
    ],
)
def test_a_number_out_of_range_says_which_are_expected(cameras: list[int], views: list[int], message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        metadata()(torch.tensor(cameras), torch.tensor(views), batch=1)


def test_training_drops_camera_and_view_apart_and_evaluation_does_not() -> None:
    table = metadata(drop=0.3).train()
    with torch.no_grad():  # a row's content is its number
        table.table.copy_(torch.arange(12.0).reshape(1, 4, 3, 1).expand_as(table.table))
    count = 20_000
    cameras, views = torch.zeros(count, dtype=torch.long), torch.ones(count, dtype=torch.long)
    rows = table(cameras, views, batch=count)[0, :, 0].long()
    shares = [(rows == camera * 3 + view).double().mean().item() for camera in (0, 3) for view in (1, 2)]
    # Independent: .7 * .7, .7 * .3, .3 * .7, .3 * .3; a standard error of at most sqrt(.25 / 20000) = .0035.
    assert shares == pytest.approx([0.49, 0.21, 0.21, 0.09], abs=0.015)
    assert (table.eval()(cameras, views, batch=count)[0, :, 0] == 1).all()


def test_metadata_shift_what_was_pooled_before_the_neck() -> None:
    backbone = build_backbone("resnet26", image_size=(64, 32))
    lines = [BranchConfig("bottleneck", "classify"), BranchConfig("bottleneck", "triplet")]
    model = multi_branch(backbone, lines, num_identities=3, metadata=MetadataConfig(CAMERAS, VIEWS)).eval()
    images, cameras, views = torch.randn(2, 3, 64, 32), torch.tensor([2, UNKNOWN]), torch.tensor([0, 1])
    with torch.no_grad():
        plain = model(images, cameras, views)
        torch.nn.init.normal_(model.metadata.table)
        shifted = model(images, cameras, views)
        for number, branch in enumerate(model.branches):
            rows = model.metadata.table[number][[2, 3], [0, 1]]
            torch.testing.assert_close(shifted.pooled[number], plain.pooled[number] + rows)
            torch.testing.assert_close(shifted.necked[number], branch.neck(plain.pooled[number] + rows))
