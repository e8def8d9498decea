"""What the attention of finished runs does: how its gates lie, whether they tell positions and images apart.

    python benchmarks/gates.py RUN [RUN ...]

One line an attention, in the network's order, over some training images: the gates' mean; their spread over the
places of an image and, place by place, over images; the share of closed (below 0.05) and open ones (above 0.95),
which says nothing of LKA, whose weights have either sign; how far the map is changed (the norm of the change by the
norm); and the norm of a batch's gradient in the attention's weights by the norm of its weights, beside the same of the
backbone's convolutions. Below, how far images of one and of two identities lie apart where the triplet loss looks.
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from reseen.attention.hca import HybridChannelAttention
from reseen.attention.lka import LargeKernelAttention
from reseen.attention.rga import ChannelRelation, SpatialRelation
from reseen.engine.assemble import assemble
from reseen.engine.hardware import launch
from reseen.engine.loop import LoopParts
from reseen.engine.pretrained import resolved
from reseen.engine.run import Run, open_run
from reseen.models import load_weights, read_weights
from reseen.tasks.reid.components import build_components
from reseen.tasks.reid.evaluate import splits_of
from reseen.tasks.reid.recipe import recipe_of

GATES: dict[type[nn.Module], Callable[[nn.Module, Tensor], Tensor]] = {
    SpatialRelation: lambda module, maps: module.gates(maps),
    ChannelRelation: lambda module, maps: module.gates(maps),
    HybridChannelAttention: lambda module, maps: module.weights(maps),
    LargeKernelAttention: lambda module, maps: module.weights(maps),
}
"""Attention -> what it multiplies a map by."""


class Seen(NamedTuple):
    """What one attention did to some images."""

    gates: Tensor
    change: float


def main() -> None:
    """Look at each run and print."""
    options = arguments()
    for path in options.runs:
        parts = trained(open_run(path))
        gradients = gradients_of(parts)
        print(f"{path.parent.name}/{path.name}")
        print(f"  {'attention':26}  mean places images closed   open change  gradient")
        seen, distances = seen_by(parts)
        for name, (gates, change) in seen.items():
            places, images = gates.flatten(1).std(dim=1).mean(), gates.flatten(1).std(dim=0).mean()
            closed, opened = (gates < 0.05).float().mean(), (gates > 0.95).float().mean()
            print(
                f"  {name.removeprefix('backbone.body.'):26} {gates.mean():5.2f} {places:6.2f} {images:8.2f} "
                f"{closed:6.0%} {opened:6.0%} {change:6.2f} {gradients[name]:9.1e}"
            )
        print(f"  {'the convolutions before':26} {'':42} {gradients['']:9.1e}")
        print(f"  pooled images apart: {distances[0]:.3f} of one identity, {distances[1]:.3f} of two")


def trained(run: Run) -> LoopParts:
    """The run's training, with its weights as they ended."""
    recipe = resolved(recipe_of(run))
    parts = assemble(
        build_components(recipe, splits_of(run, None), rank=0, world_size=1), recipe, fabric=launch(recipe.hardware)
    )
    load_weights(parts.model, read_weights(run.best_weights).tensors)
    return parts


def seen_by(parts: LoopParts) -> tuple[dict[str, Seen], tuple[float, float]]:
    """What each attention does to two batches of training images in evaluation, and how far those end up apart."""
    found: dict[str, Seen] = {}
    hooks = [
        module.register_forward_hook(partial(note, found=found, name=name)) for name, module in attentions(parts.model)
    ]
    parts.model.eval()
    batches = list(islice(parts.loader, 2))
    with torch.no_grad():
        output = parts.model(torch.cat([batch.image for batch in batches]))
    for hook in hooks:
        hook.remove()
    return found, apart(output.pooled[0], torch.cat([batch.label for batch in batches]))


def apart(vectors: Tensor, labels: Tensor) -> tuple[float, float]:
    """(B, C), (B,) -> the mean distance of two images of one identity, and of two identities."""
    distances, same = torch.cdist(vectors, vectors), labels[:, None] == labels[None]
    pairs = same & ~torch.eye(len(labels), dtype=torch.bool)
    return float(distances[pairs].mean()), float(distances[~same].mean())


def note(module: nn.Module, inputs: tuple[Tensor], output: Tensor, *, found: dict[str, Seen], name: str) -> None:
    """Keep the gates of a map that went through, and how far it was changed."""
    gates = GATES[type(module)](module, inputs[0])
    found[name] = Seen(gates, float((output - inputs[0]).norm() / inputs[0].norm()))


def gradients_of(parts: LoopParts) -> dict[str, float]:
    """The norm of a training batch's gradient by the weights' norm: of each attention, and (name "") of all else."""
    parts.model.train()
    parts.learner(next(iter(parts.loader))).total.backward()
    inside = {name: list(module.parameters()) for name, module in attentions(parts.model)}
    known = {id(weight) for weights in inside.values() for weight in weights}
    backbone = [weight for weight in parts.model.backbone.parameters() if id(weight) not in known and weight.ndim == 4]
    return {name: share(weights) for name, weights in {**inside, "": backbone}.items()}


def share(weights: list[nn.Parameter]) -> float:
    """The norm of their gradients by their own."""
    gradients = [weight.grad.flatten() for weight in weights if weight.grad is not None]
    return float(torch.cat(gradients).norm() / torch.cat([weight.detach().flatten() for weight in weights]).norm())


def attentions(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The attentions of a network by name, in its order."""
    return ((name, module) for name, module in model.named_modules() if type(module) in GATES)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    main()
