"""The attention of a run's model to its queries: sheets of maps, a plot of channel weights, and ranges as JSON."""

from collections.abc import Sequence
from pathlib import Path

import torch

from reseen.deprecation import renamed_keywords
from reseen.draw.encode import write_png
from reseen.draw.sheet import Tile, tile_of
from reseen.engine.run import Run, open_run
from reseen.explain.attention_sheet import attention_sheet, plot_channels
from reseen.explain.maps import AttentionMaps, attention_maps
from reseen.explain.maps.attention_readers import Position
from reseen.explain.queries import QuerySelection, QuerySet, select_queries
from reseen.explain.run_model import RunModel, load_run_model
from reseen.explain.sheet_files import remove_earlier, sheet_file
from reseen.files import write_json
from reseen.progress import Progress, Silent
from reseen.tasks.reid.saved_evaluation import saved_evaluation

BATCH = 32
"""Images in one batch."""
IMAGES = 8
"""Images on one sheet."""
KIND = "attention"
"""The first part of a sheet's file name."""


@renamed_keywords(wanted="queries")
def explain_attention(
    run: Run | Path | str,
    *,
    out: Path | str,
    queries: QuerySelection | None = None,
    position: Position | None = None,
    data: Path | str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write sheets of the attention maps of a run's model over its queries, and their ranges as JSON.

    Sheets of an earlier call in ``out`` beyond those written now are removed.

    Args:
        run: A run directory.
        out: The folder to write to; it is made.
        queries: Which queries to show.
        position: As in `attention_maps`: what RGA-S and self-attention relate to one place.
        data: The folder of the images, if they have moved since the run was trained.
        progress: Where to show progress; silent if left out.

    Returns:
        The files written.

    Raises:
        ReseenError: A model without attention, or an image that does not exist.

    Example:
        ```python
        # not run: needs a trained run
        files = explain_attention("runs/rga", out="attention", position=(0.6, 0.5))
        ```
    """
    run, out = run if isinstance(run, Run) else open_run(Path(run)), Path(out)
    progress = progress or Silent()
    run_model = load_run_model(run)
    result = saved_evaluation(run, data=data, progress=progress)
    query_sets = select_queries(result, queries or QuerySelection(), run_model=run_model, progress=progress)
    tiles = [tile for query_set in query_sets for tile in _tiles(query_set)]
    attention = _attention(run_model, query_sets, position=position, progress=progress)
    out.mkdir(parents=True, exist_ok=True)
    sheets = _write_sheets(out, tiles, attention, position=position)
    files = [*sheets, *_write_channels(out, attention), out / "attention.json"]
    ranges = {"run": str(run.path), "pictures": len(tiles), "attention": [_ranges(module) for module in attention]}
    write_json(files[-1], ranges)
    remove_earlier(out, KIND, written=len(sheets), progress=progress)
    return files


def _tiles(queries: QuerySet) -> list[Tile]:
    return [tile_of(queries.embedded, row, path=path, kind="query") for row, path in enumerate(queries.split.paths)]


def _attention(
    run_model: RunModel, query_sets: Sequence[QuerySet], *, position: Position | None, progress: Progress
) -> list[AttentionMaps]:
    """The attention of each module to all images, in their order."""
    parts = []
    with progress.bar("read attention", total=sum(len(queries.split) for queries in query_sets)) as bar:
        for queries in query_sets:
            for start in range(0, len(queries.split), BATCH):
                rows = range(start, min(start + BATCH, len(queries.split)))
                inputs = run_model.inputs(queries.split, rows)
                parts.append(attention_maps(run_model.model, inputs, position=position))
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
    for start in range(0, len(tiles), IMAGES):
        shown = slice(start, start + IMAGES)
        part = [
            module._replace(maps={name: values[shown] for name, values in module.maps.items()}) for module in attention
        ]
        sheet = attention_sheet(tiles[shown], part, position=position)
        if sheet is not None:
            files.append(sheet_file(out, KIND, len(files) + 1))
            write_png(files[-1], sheet)
    return files


def _write_channels(out: Path, attention: Sequence[AttentionMaps]) -> list[Path]:
    """The plot of channel weights, where a module has such."""
    channels = plot_channels(attention)
    if channels is None:
        return []
    write_png(out / "channels.png", channels)
    return [out / "channels.png"]


def _ranges(module: AttentionMaps) -> dict[str, object]:
    """Lowest, mean and highest value over all images."""
    values = {**module.maps, **({} if module.channels is None else {"channels": module.channels})}
    return {
        "place": module.place,
        "kind": module.kind,
        **{name: [float(each) for each in (v.min(), v.mean(), v.max())] for name, v in values.items()},
    }
