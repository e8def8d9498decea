"""Loaders: the same batches from any number of workers, one thread each, and no draw from the global generator."""

import os

import pytest
import torch

from reseen.data.dataset import ImageDataset
from reseen.data.loader import ordered_loader, train_loader
from reseen.data.sampler import IdentityBatches
from reseen.data.table import Split
from reseen.data.transforms import build_transforms, plain_transform
from reseen.errors import ReseenError
from reseen.types import Sample
from worker_probe import whoami

SCALE = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
LINES = [
    {"name": "flip"},
    {"name": "pad_crop", "padding": 4},
    {"name": "colour_jitter", "hue": 0.2},
    {"name": "rand_augment"},
    {"name": "augmix"},
    {"name": "random_erasing", "fill": "noise"},
]


def training(split: Split) -> tuple[ImageDataset, IdentityBatches]:
    transform = build_transforms(LINES, image_size=(16, 24), **SCALE)
    dataset = ImageDataset(split, transform=transform, identity_names=split.identity_names)
    return dataset, IdentityBatches(dataset.labels, identities=2, images=4, seed=0)


def epoch(split: Split, *, workers: int, epochs: range) -> list[Sample]:
    dataset, batches = training(split)
    loader = train_loader(dataset, batches, workers=workers)
    found = []
    for number in epochs:
        batches.set_epoch(number)
        assert len(loader) == len(batches) == 6  # four identities of ceil(10 / 4) = 3 groups, two a batch
        found += list(loader)
    return found


def test_batches_do_not_depend_on_the_number_of_workers(noise: Split) -> None:
    alone = epoch(noise, workers=0, epochs=range(2))
    together = epoch(noise, workers=2, epochs=range(2))
    assert len(alone) == len(together) == 12
    for one, other in zip(alone, together, strict=True):
        assert isinstance(other, Sample)
        assert one.image.shape == (8, 3, 16, 24)
        for field, twin in zip(one, other, strict=True):
            assert torch.equal(torch.as_tensor(field), torch.as_tensor(twin))


def test_workers_run_one_thread_each_outside_this_process(noise: Split) -> None:
    dataset = ImageDataset(noise, transform=whoami, identity_names=())
    images = torch.cat([batch.image for batch in ordered_loader(dataset, batch_size=4, workers=2)])
    assert os.getpid() not in images[:, 0].tolist()
    assert len(set(images[:, 0].tolist())) == 2
    assert images[:, 1].tolist() == [1] * 40
    assert not images[:, 2].any()


@pytest.mark.parametrize("workers", [0, 1])
def test_loading_draws_nothing_from_the_global_generator(noise: Split, workers: int) -> None:
    dataset, batches = training(noise)
    state = torch.get_rng_state()
    next(iter(train_loader(dataset, batches, workers=workers)))
    plain = ImageDataset(noise, transform=plain_transform((16, 24), **SCALE), identity_names=())
    next(iter(ordered_loader(plain, batch_size=3, workers=workers)))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_unreadable_image_is_one_line_from_any_process(noise: Split, workers: int) -> None:
    noise.paths[1].write_bytes(b"")
    dataset, _ = training(noise)
    with pytest.raises(ReseenError) as caught:
        list(ordered_loader(dataset, batch_size=4, workers=workers))
    assert str(caught.value) == f"{noise.paths[1]}: cannot read the image: the file is empty (0 bytes)"


def test_ordered_gives_every_row_once_in_order(noise: Split) -> None:
    dataset, _ = training(noise)
    batches = [batch.row.tolist() for batch in ordered_loader(dataset, batch_size=16, workers=0)]
    assert [len(batch) for batch in batches] == [16, 16, 8]
    assert [row for batch in batches for row in batch] == list(range(40))
    chosen = ordered_loader(dataset, batch_size=2, workers=0, indices=[7, 3, 30])
    assert [batch.row.tolist() for batch in chosen] == [[7, 3], [30]]
    assert len(chosen) == 2
