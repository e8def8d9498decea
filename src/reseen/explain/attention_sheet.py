"""Drawings of attention: its maps over images, and the weights it gives to channels."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from reseen.draw.overlay import Values, marked, overlay
from reseen.draw.sheet import Tile, draw_sheet
from reseen.draw.style import PALETTE, WIDTH, style
from reseen.explain.maps import AttentionMaps
from reseen.explain.maps.attention_readers import Position

FLAT = 0.1
"""A map whose values differ by less than this share of the highest one is drawn fainter, as it is nearly flat."""


def attention_sheet(
    tiles: Sequence[Tile], attention: Sequence[AttentionMaps], *, position: Position | None = None
) -> Image.Image | None:
    """The images of ``tiles`` under the attention maps made of them; None if no module makes maps.

    One row per image, with the first map of each module. With a ``position``, which a ring marks, one row per image and
    module, with all its maps. Each map is drawn from its lowest to its highest value, which stand under it; fainter
    where the two are nearly the same.
    """
    spatial = [module for module in attention if module.maps]
    if not spatial:
        return None
    if position is None:
        rows = [
            [tile, *(_drawn(tile, module, name=name, row=row) for module in spatial for name in list(module.maps)[:1])]
            for row, tile in enumerate(tiles)
        ]
    else:
        rows = [
            [_ringed(tile, position), *(_drawn(tile, module, name=name, row=row) for name in module.maps)]
            for row, tile in enumerate(tiles)
            for module in spatial
        ]
    columns = ["image", *[""] * (max(map(len, rows)) - 1)]
    return draw_sheet(rows, columns=columns)


def plot_channels(attention: Sequence[AttentionMaps]) -> Figure | None:
    """The weight of each channel, sorted, one panel per module: the mean over images, and the middle 80 % of them.

    None if no attention weighs channels.
    """
    weighed = [(module, module.channels.cpu().numpy()) for module in attention if module.channels is not None]
    if not weighed:
        return None
    figure = Figure(figsize=(WIDTH, 0.6 + 2.1 * len(weighed)), layout="constrained")
    panels = figure.subplots(len(weighed), 1, squeeze=False)[:, 0]
    for axes, (module, weights) in zip(panels, weighed, strict=True):
        order = np.argsort(weights.mean(axis=0))
        channels = np.arange(1, len(order) + 1)
        low, high = np.quantile(weights[:, order], (0.1, 0.9), axis=0)
        axes.fill_between(channels, low, high, color=PALETTE[0], alpha=0.25, linewidth=0)
        axes.plot(channels, weights.mean(axis=0)[order], color=PALETTE[0], linewidth=2)
        axes.set(xlabel="channel, by its mean weight", ylabel="weight", ylim=(0, 1), xlim=(1, len(order)))
        style(axes, title=f"{module.place} {module.kind}: weights of {len(order)} channels")
    return figure


def _drawn(tile: Tile, module: AttentionMaps, *, name: str, row: int) -> Tile:
    values: Values = module.maps[name][row].cpu().numpy()
    low, high = float(values.min()), float(values.max())
    drawn = overlay(tile.image, values - low, top=max(high - low, FLAT * abs(high)))
    return Tile(drawn, "plain", f"{module.place} {module.kind}", f"{name} {low:.3g}-{high:.3g}")


def _ringed(tile: Tile, position: Position) -> Tile:
    return tile._replace(image=marked(tile.image, position))
