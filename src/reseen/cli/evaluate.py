"""`reseen evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.cli import evaluate_options as asked
from reseen.cli.console import progress_for, results, say
from reseen.cli.options import Quiet

if TYPE_CHECKING:
    from reseen.tasks.reid.scoring import Evaluated


def evaluate(  # noqa: PLR0913 - one parameter an option
    source: Annotated[
        Path, typer.Argument(help="A run's folder, weights (.safetensors), or query embeddings (.parquet).")
    ],
    gallery: Annotated[Path | None, typer.Argument(help="The gallery embeddings, beside query embeddings.")] = None,
    *,
    data: Annotated[
        Path | None, typer.Option(help="The data set to score weights on; for a run, other data than its own.")
    ] = None,
    protocol: asked.ProtocolName = None,
    average_precision: asked.AveragePrecision = None,
    drop_same_camera: asked.DropSameCamera = None,
    junk: asked.Junk = None,
    tracks: asked.Tracks = None,
    same_pictures: asked.SameImages = None,
    shots: asked.Shots = None,
    trials: asked.Trials = None,
    seed: asked.DrawSeed = None,
    depth: asked.Depth = None,
    rerank: asked.Rerank = False,
    part_areas: asked.PartsByArea = None,
    shortlist: asked.Shortlist = None,
    k1: asked.NeighboursKnownBy = None,
    k2: asked.NeighboursAveraged = None,
    weight: asked.CosineWeight = None,
    expand: asked.Expand = None,
    expand_gallery: asked.ExpandGallery = None,
    alpha: asked.Alpha = None,
    camera_bias: asked.CameraBias = False,
    flip: asked.Flip = None,
    metadata: asked.Metadata = None,
    device: asked.ComputeDevice = "auto",
    json: asked.ScoresFile = None,
    per_query: asked.PerQuery = None,
    quiet: Quiet = False,
) -> None:
    """Score a run, weights on a data set, or two files of embeddings: mAP, CMC and mINP with their 95 % intervals.

    [bold]Examples[/bold]

    reseen evaluate runs/market

    reseen evaluate runs/market --data other-set --json scores.json --per-query queries.csv

    reseen evaluate runs/market/best.safetensors --data Market-1501 --flip

    reseen evaluate query.parquet gallery.parquet --protocol veri776 --rerank --k1 30

    reseen evaluate query.parquet gallery.parquet --protocol custom --keep-same-camera --depth 100
    """
    import reseen
    from reseen.cli.protocol_options import expansion_of, protocol_of, reranking_of
    from reseen.tasks.reid.results import require_writable

    rules = {
        "drop_same_camera": drop_same_camera,
        "junk": junk,
        "tracks": tracks,
        "same_pictures": same_pictures,
        "shots": shots,
        "trials": trials,
        "seed": seed,
        "depth": depth,
    }
    require_writable(json=json, per_query=per_query)
    result = reseen.evaluate(
        source,
        gallery,
        data=data,
        protocol=protocol_of(protocol, rules),
        average_precision=average_precision,
        rerank=reranking_of(
            {"k1": k1, "k2": k2, "weight": weight}, wanted=rerank, part_areas=part_areas, shortlist=shortlist
        ),
        **expansion_of({"expand": expand, "expand_gallery": expand_gallery}, alpha=alpha),
        camera_bias=camera_bias,
        flip=flip,
        metadata=metadata,
        device=device,
        progress=progress_for(quiet=quiet),
    )
    _tell(result, json=json, per_query=per_query)


def _tell(result: "Evaluated", *, json: Path | None, per_query: Path | None) -> None:
    """Write the files that were asked for, and print the scores with their intervals."""
    from reseen.cli.scores import evaluation_lines, interval_table
    from reseen.files import write_json
    from reseen.tasks.reid.results import intervals_of, summary, write_per_query

    intervals = intervals_of(result)
    if json is not None:
        write_json(json, summary(result, intervals))
    if per_query is not None:
        write_per_query(per_query, result)
    results().print(interval_table(result, intervals))
    say(*evaluation_lines(result))
