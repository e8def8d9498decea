"""What `reseen evaluate` takes: the rules of a protocol, what is done to the vectors, where results go."""

from pathlib import Path
from typing import Annotated, Literal

import typer

RULES, VECTORS, OUTPUT = "Rules of --protocol custom", "What is done to the vectors", "What is kept"

ProtocolName = Annotated[
    str | None, typer.Option(help="By name, such as market1501 or vehicleid, or custom; the data's own if left out.")
]
AveragePrecision = Annotated[str | None, typer.Option(help="rectangle, trapezoid or old-sklearn.")]
Flip = Annotated[
    bool | None, typer.Option("--flip/--no-flip", help="Average with the mirror image's; else as the recipe says.")
]
Metadata = Annotated[
    Literal["given", "cameras", "views", "withheld"] | None,
    typer.Option(help="What a model with metadata is told of them; the recipe's if left out."),
]
ComputeDevice = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute.")]

DropSameCamera = Annotated[
    bool | None,
    typer.Option(
        "--drop-same-camera/--keep-same-camera",
        help="Whether pictures of the query's identity and camera count.",
        rich_help_panel=RULES,
    ),
]
Junk = Annotated[
    str | None,
    typer.Option(help="Identities never ranked, comma-separated; -1 unless said.", rich_help_panel=RULES),
]
Tracks = Annotated[
    bool | None, typer.Option("--tracks", help="Rank tracks, each by its nearest picture.", rich_help_panel=RULES)
]
SamePictures = Annotated[
    bool | None,
    typer.Option("--same-pictures", help="Query and gallery are one set, told by name.", rich_help_panel=RULES),
]
Shots = Annotated[
    int | None, typer.Option(min=1, help="Pictures an identity drawn as the gallery.", rich_help_panel=RULES)
]
Trials = Annotated[int | None, typer.Option(min=1, help="Draws to average over.", rich_help_panel=RULES)]
DrawSeed = Annotated[int | None, typer.Option(min=0, help="Of the draws.", rich_help_panel=RULES)]
Depth = Annotated[int | None, typer.Option(min=1, help="Ranks that average precision looks at.", rich_help_panel=RULES)]

Rerank = Annotated[bool, typer.Option("--rerank", help="k-reciprocal re-ranking.", rich_help_panel=VECTORS)]
NeighboursKnownBy = Annotated[
    int | None, typer.Option(help="Neighbours a picture is known by: 20.", rich_help_panel=VECTORS)
]
NeighboursAveraged = Annotated[int | None, typer.Option(help="Neighbours averaged over: 6.", rich_help_panel=VECTORS)]
CosineWeight = Annotated[
    float | None, typer.Option(help="Of the cosine beside the neighbours: 0.3.", rich_help_panel=VECTORS)
]
Expand = Annotated[
    int | None, typer.Option(metavar="N", help="Average a query with N neighbours.", rich_help_panel=VECTORS)
]
ExpandGallery = Annotated[
    int | None, typer.Option(metavar="N", help="The same for gallery entries.", rich_help_panel=VECTORS)
]
Alpha = Annotated[
    float | None, typer.Option(help="A neighbour weighs its cosine to this power: 0.", rich_help_panel=VECTORS)
]
CameraBias = Annotated[
    bool, typer.Option("--camera-bias", help="Take each camera's mean out.", rich_help_panel=VECTORS)
]

ScoresFile = Annotated[
    Path | None, typer.Option(help="Also write scores, intervals and settings.", rich_help_panel=OUTPUT)
]
PerQuery = Annotated[
    Path | None, typer.Option(help="Also write a row a query, .csv or .parquet.", rich_help_panel=OUTPUT)
]
