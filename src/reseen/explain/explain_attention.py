"""A run's attention to pictures of its data: sheets of its maps, a plot of its channel weights, ranges as JSON."""

from collections.abc import Sequence
from pathlib import Path

import torch

from reseen.draw.encode import write_png
from reseen.draw.sheet import Tile, tile_of
from reseen.engine.run import Run, open_run
from reseen.explain.attention_sheet import attention_sheet, plot_channels
from reseen.explain.explainer import Explainer, explainer_of
from reseen.explain.maps import AttentionMaps, attention_maps
from reseen.explain.maps.attention import Position
from reseen.explain.queries import Asked, Wanted, asked_of
from reseen.explain.sheet_files import drop_earlier, sheet_file
from reseen.files import write_json
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.saved_evaluation import saved_evaluation

BATCH = 32
"""Pictures that pass through the network together."""
PICTURES = 8
"""Pictures on one sheet."""
KIND = "attention"
"""What the sheets are called, before their number."""


def explain_attention(
    run: Run | Path | str,
    *,
    out: Path | str,
    wanted: Wanted | None = None,
    position: Position | None = None,
    data: Path | str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write what the attention of a run's model does with its queries into ``out``; returns the files.

    ``position`` (shares of height and width) shows what RGA-S and self-attention relate to one place. Raises
    ReseenError for a model without attention, and for a picture that does not exist. Sheets that an earlier call left
    in ``out`` beyond those written now are removed.
    """
    run, out = open_run(run), Path(out)
    progress = progress or SILENT
    explainer = explainer_of(run)
    result = saved_evaluation(run, data=data, progress=progress)
    asked = asked_of(result, wanted or Wanted(), explainer=explainer, progress=progress)
    tiles = [tile for group in asked for tile in _tiles(group)]
    attention = _attention(explainer, asked, position=position, progress=progress)
    out.mkdir(parents=True, exist_ok=True)
    sheets = _write_sheets(out, tiles, attention, position=position)
    files = [*sheets]
    channels = plot_channels(attention)
    if channels is not None:
        files.append(out / "channels.png")
        write_png(files[-1], channels)
    files.append(out / "attention.json")
    write_json(
        files[-1], {"run": str(run.path), "pictures": len(tiles), "attention": [_ranges(one) for one in attention]}
    )
    drop_earlier(out, KIND, written=len(sheets), progress=progress)
    return files


def _tiles(asked: Asked) -> list[Tile]:
    return [tile_of(asked.embedded, row, path=path, kind="query") for row, path in enumerate(asked.split.paths)]


def _attention(
    explainer: Explainer, asked: Sequence[Asked], *, position: Position | None, progress: Progress
) -> list[AttentionMaps]:
    """What each module did with all pictures, in their order."""
    parts = []
    with progress.bar("read attention", total=sum(len(group.split) for group in asked)) as bar:
        for group in asked:
            for start in range(0, len(group.split), BATCH):
                rows = range(start, min(start + BATCH, len(group.split)))
                side = explainer.side(group.split, rows)
                parts.append(attention_maps(explainer.model, side, position=position))
                bar.advance(len(rows))
    return [_joined(of_module) for of_module in zip(*parts, strict=True)]


def _joined(parts: Sequence[AttentionMaps]) -> AttentionMaps:
    channels = [part.channels for part in parts if part.channels is not None]
    return parts[0]._replace(
        maps={name: torch.cat([part.maps[name] for part in parts]) for name in parts[0].maps},
        channels=torch.cat(channels) if channels else None,
    )


def _write_sheets(
    out: Path, tiles: Sequence[Tile], attention: Sequence[AttentionMaps], *, position: Position | None
) -> list[Path]:
    files: list[Path] = []
    for start in range(0, len(tiles), PICTURES):
        shown = slice(start, start + PICTURES)
        part = [one._replace(maps={name: values[shown] for name, values in one.maps.items()}) for one in attention]
        sheet = attention_sheet(tiles[shown], part, position=position)
        if sheet is not None:
            files.append(sheet_file(out, KIND, len(files) + 1))
            write_png(files[-1], sheet)
    return files


def _ranges(one: AttentionMaps) -> dict[str, object]:
    """Lowest, mean and highest value over all pictures."""
    values = {**one.maps, **({} if one.channels is None else {"channels": one.channels})}
    return {
        "place": one.place,
        "kind": one.kind,
        **{name: [float(each) for each in (v.min(), v.mean(), v.max())] for name, v in values.items()},
    }
