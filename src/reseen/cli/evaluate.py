"""`reseen evaluate`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from reseen.cli.options import Quiet, progress_for, results

RULES, VECTORS, OUTPUT = "Rules of --protocol custom", "What is done to the vectors", "What is kept"


def evaluate(  # noqa: PLR0913 - each is a choice of its own
    source: Annotated[
        Path, typer.Argument(help="A run's folder, weights (.safetensors), or query embeddings (.parquet).")
    ],
    gallery: Annotated[Path | None, typer.Argument(help="Beside query embeddings: those of the gallery.")] = None,
    *,
    data: Annotated[
        Path | None, typer.Option(help="What weights are scored on; for a run, other data than its own.")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(help="By name, such as market1501 or vehicleid, or custom; the data's own if left out."),
    ] = None,
    average_precision: Annotated[str | None, typer.Option(help="rectangle, trapezoid or old-sklearn.")] = None,
    drop_same_camera: Annotated[
        bool | None,
        typer.Option(
            "--drop-same-camera/--keep-same-camera",
            help="Whether pictures of the query's identity and camera count.",
            rich_help_panel=RULES,
        ),
    ] = None,
    junk: Annotated[
        str | None,
        typer.Option(help="Identities never ranked, comma-separated; -1 unless said.", rich_help_panel=RULES),
    ] = None,
    tracks: Annotated[
        bool | None, typer.Option("--tracks", help="Rank tracks, each by its nearest picture.", rich_help_panel=RULES)
    ] = None,
    same_pictures: Annotated[
        bool | None,
        typer.Option("--same-pictures", help="Query and gallery are one set, told by name.", rich_help_panel=RULES),
    ] = None,
    shots: Annotated[
        int | None, typer.Option(min=1, help="Pictures an identity drawn as the gallery.", rich_help_panel=RULES)
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Draws to average over.", rich_help_panel=RULES)] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the draws.", rich_help_panel=RULES)] = None,
    depth: Annotated[
        int | None, typer.Option(min=1, help="Ranks that average precision looks at.", rich_help_panel=RULES)
    ] = None,
    rerank: Annotated[bool, typer.Option("--rerank", help="k-reciprocal re-ranking.", rich_help_panel=VECTORS)] = False,
    k1: Annotated[
        int | None, typer.Option(help="Neighbours a picture is known by: 20.", rich_help_panel=VECTORS)
    ] = None,
    k2: Annotated[int | None, typer.Option(help="Neighbours averaged over: 6.", rich_help_panel=VECTORS)] = None,
    weight: Annotated[
        float | None, typer.Option(help="Of the cosine beside the neighbours: 0.3.", rich_help_panel=VECTORS)
    ] = None,
    expand: Annotated[
        int | None, typer.Option(metavar="N", help="Average a query with N neighbours.", rich_help_panel=VECTORS)
    ] = None,
    expand_gallery: Annotated[
        int | None, typer.Option(metavar="N", help="The same for gallery entries.", rich_help_panel=VECTORS)
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help="A neighbour weighs its cosine to this power: 0.", rich_help_panel=VECTORS)
    ] = None,
    camera_bias: Annotated[
        bool, typer.Option("--camera-bias", help="Take each camera's mean out.", rich_help_panel=VECTORS)
    ] = False,
    flip: Annotated[
        bool | None,
        typer.Option("--flip/--no-flip", help="Average with the mirror image's; else as the recipe says."),
    ] = None,
    metadata: Annotated[
        Literal["given", "cameras", "views", "withheld"] | None,
        typer.Option(help="What a model with metadata is told of them; the recipe's if left out."),
    ] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute.")] = "auto",
    json: Annotated[
        Path | None, typer.Option(help="Also write scores, intervals and settings.", rich_help_panel=OUTPUT)
    ] = None,
    per_query: Annotated[
        Path | None, typer.Option(help="Also write a row a query, .csv or .parquet.", rich_help_panel=OUTPUT)
    ] = None,
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
    from reseen.cli.rules import expansion_of, protocol_of, reranking_of
    from reseen.cli.scores import evaluation_lines, interval_table
    from reseen.engine.files import write_json
    from reseen.engine.results import intervals_of, require_writable, summary, write_per_query

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
        rerank=reranking_of({"k1": k1, "k2": k2, "weight": weight}, wanted=rerank),
        **expansion_of({"expand": expand, "expand_gallery": expand_gallery}, alpha=alpha),
        camera_bias=camera_bias,
        flip=flip,
        metadata=metadata,
        device=device,
        progress=progress_for(quiet=quiet),
    )
    intervals = intervals_of(result)
    if json is not None:
        write_json(json, summary(result, intervals))
    if per_query is not None:
        write_per_query(per_query, result)
    console = results()
    console.print(interval_table(result, intervals))
    console.print(*evaluation_lines(result), sep="\n", soft_wrap=True, highlight=False, markup=False)
