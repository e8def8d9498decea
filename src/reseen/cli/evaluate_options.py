"""Options of `reseen evaluate`: rules of a protocol, postprocessing of embeddings, files of results."""

from pathlib import Path
from typing import Annotated, Literal

import typer

RULES, VECTORS, OUTPUT = "Rules of --protocol custom", "Postprocessing", "Files"

ProtocolName = Annotated[
    str | None, typer.Option(help="A name such as market1501 or vehicleid, or custom; the data's own if left out.")
]
AveragePrecision = Annotated[str | None, typer.Option(help="rectangle, trapezoid or old-sklearn.")]
Flip = Annotated[
    bool | None,
    typer.Option("--flip/--no-flip", help="Average with the mirror image's embedding; the recipe decides if left out."),
]
Metadata = Annotated[
    Literal["given", "cameras", "views", "withheld"] | None,
    typer.Option(help="The metadata that a model which uses them gets; the recipe's if left out."),
]
ComputeDevice = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="The device to compute on.")]

DropSameCamera = Annotated[
    bool | None,
    typer.Option(
        "--drop-same-camera/--keep-same-camera",
        help="Whether images of the query's identity and camera count.",
        rich_help_panel=RULES,
    ),
]
Junk = Annotated[
    str | None,
    typer.Option(help="Identities that are never ranked, comma-separated; -1 if left out.", rich_help_panel=RULES),
]
Tracks = Annotated[
    bool | None, typer.Option("--tracks", help="Rank tracks, each by its nearest image.", rich_help_panel=RULES)
]
SameImages = Annotated[
    bool | None,
    typer.Option(
        "--same-pictures", help="Query and gallery are one set; a file name is one image.", rich_help_panel=RULES
    ),
]
Shots = Annotated[
    int | None, typer.Option(min=1, help="Images an identity drawn as the gallery.", rich_help_panel=RULES)
]
Trials = Annotated[int | None, typer.Option(min=1, help="Draws to average over.", rich_help_panel=RULES)]
DrawSeed = Annotated[int | None, typer.Option(min=0, help="Seed of the draws.", rich_help_panel=RULES)]
Depth = Annotated[int | None, typer.Option(min=1, help="Ranks that average precision looks at.", rich_help_panel=RULES)]

Rerank = Annotated[bool, typer.Option("--rerank", help="k-reciprocal re-ranking.", rich_help_panel=VECTORS)]
PartsByArea = Annotated[
    int | None,
    typer.Option(
        "--part-areas",
        metavar="N",
        min=1,
        help="Rank by MUSP's distance of the N parts of embeddings that carry their areas.",
        rich_help_panel=VECTORS,
    ),
]
Shortlist = Annotated[
    int | None,
    typer.Option(
        metavar="M", min=1, help="With --part-areas: rank only the M nearest by cosine so.", rich_help_panel=VECTORS
    ),
]
NeighboursKnownBy = Annotated[
    int | None, typer.Option(help="k1, the nearest neighbours compared: 20.", rich_help_panel=VECTORS)
]
NeighboursAveraged = Annotated[
    int | None, typer.Option(help="k2, the neighbours averaged over: 6.", rich_help_panel=VECTORS)
]
CosineWeight = Annotated[
    float | None, typer.Option(help="Weight of the original distance: 0.3.", rich_help_panel=VECTORS)
]
Expand = Annotated[
    int | None, typer.Option(metavar="N", help="Average a query with N neighbours.", rich_help_panel=VECTORS)
]
ExpandGallery = Annotated[
    int | None, typer.Option(metavar="N", help="The same for gallery entries.", rich_help_panel=VECTORS)
]
Alpha = Annotated[
    float | None, typer.Option(help="A neighbour's weight is its cosine to this power: 0.", rich_help_panel=VECTORS)
]
CameraBias = Annotated[
    bool, typer.Option("--camera-bias", help="Subtract each camera's mean.", rich_help_panel=VECTORS)
]

ScoresFile = Annotated[
    Path | None, typer.Option(help="Also write scores, intervals and settings.", rich_help_panel=OUTPUT)
]
PerQuery = Annotated[
    Path | None, typer.Option(help="Also write one row a query, .csv or .parquet.", rich_help_panel=OUTPUT)
]
