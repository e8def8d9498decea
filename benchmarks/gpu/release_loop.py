"""A training loop as the releases of RGA and MBR describe theirs, written for this benchmark from that description.

Eager, no channels-last, images changed one by one as PIL images in eight workers, losses and accuracy fetched
from the device in every step.
"""

from collections.abc import Iterator
from time import perf_counter
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from reseen.backbones import build_backbone
from reseen.data.sampler import IdentityBatches
from reseen.data.table import Split, Splits
from reseen.losses import LOSSES
from reseen.models.embedder import single_branch

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Files(Dataset[tuple[Tensor, int]]):
    """Images opened by PIL and changed on the CPU, one at a time."""

    def __init__(self, split: Split, image_size: tuple[int, int]) -> None:
        self.paths = [str(path) for path in split.paths]
        self.labels = split.numbers("identity", split.identity_names)
        self.transform = transforms.Compose(
            [
                transforms.Resize(image_size),
                transforms.RandomHorizontalFlip(),
                transforms.Pad(10),
                transforms.RandomCrop(image_size),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
                transforms.RandomErasing(),
            ]
        )

    def __getitem__(self, draw: Any) -> tuple[Tensor, int]:
        row = int(draw.row)
        with Image.open(self.paths[row]) as image:
            return self.transform(image.convert("RGB")), int(self.labels[row])


def release_images_per_second(  # noqa: PLR0913 - each is a size of the benchmark
    splits: Splits,
    *,
    backbone: str,
    image_size: tuple[int, int],
    batch: tuple[int, int],
    precision: str,
    device: str,
    workers: int,
    warm: int,
    steps: int,
) -> float:
    """Images a second from files to the optimiser's step; ``precision`` amp (fp16 with a scaler) or fp32."""
    train = splits.train
    batches = IdentityBatches(
        train.numbers("identity", train.identity_names), identities=batch[0], images=batch[1], seed=0, epoch_is="pass"
    )
    loader = DataLoader(
        Files(train, image_size),
        batch_sampler=batches,
        num_workers=workers,
        pin_memory=device == "cuda",
        multiprocessing_context="forkserver" if workers else None,  # a fork of threads may hang
    )
    network = build_backbone(backbone, image_size=image_size, last_stride=1)
    model = single_branch(network, num_identities=len(train.identity_names)).to(device)
    step = Step(model, device=device, amp=precision == "amp" and device == "cuda")
    times = []
    for images, labels in endless(loader, batches):
        step(images.to(device), labels.to(device))
        times.append(perf_counter())
        if len(times) == warm + steps:
            break
    return batch[0] * batch[1] * steps / (times[-1] - times[warm - 1])


def endless(loader: Any, batches: IdentityBatches) -> Iterator[tuple[Tensor, Tensor]]:
    """Epoch after epoch."""
    epoch = 0
    while True:
        batches.set_epoch(epoch)
        yield from loader
        epoch += 1


class Step:
    """One step: forward, both losses, backward, Adam, and the figures that the loop prints."""

    def __init__(self, model: nn.Module, *, device: str, amp: bool) -> None:
        self.model, self.device, self.amp = model.train(), device, amp
        self.cross_entropy = nn.CrossEntropyLoss(label_smoothing=0.1)
        self.triplet = LOSSES["triplet"](margin=0.3)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=3.5e-4, weight_decay=5e-4)
        self.scaler = torch.amp.GradScaler(device, enabled=amp)

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[float, float]:
        """The loss and the accuracy, both waited for."""
        self.optimizer.zero_grad()
        with torch.autocast(self.device, dtype=torch.float16, enabled=self.amp):
            output = self.model(images)
            loss = self.cross_entropy(output.logits[0], labels) + self.triplet(output, labels)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        right = (output.logits[0].argmax(dim=1) == labels).float().mean()
        return loss.item(), right.item()
