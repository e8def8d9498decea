"""Options of `reseen synth`: what is rendered, and the town of a crossing and its tracker."""

from typing import Annotated

import typer

TOWN = "Of a crossing"

Identities = Annotated[
    int | None, typer.Option(help="How many individuals, training and test together; 120.", show_default=False)
]
Images = Annotated[int | None, typer.Option(help="How many images in all; 2160, or 400 scenes.", show_default=False)]
ImageSize = Annotated[
    int | None,
    typer.Option(
        help="Height in pixels; a vehicle is as wide, a person half, a scene twice as wide; 128, or 256 (scene).",
        show_default=False,
    ),
]
Twins = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Share of individuals that have a twin; 0.5.", show_default=False),
]
Masks = Annotated[bool, typer.Option("--masks", help="Also write masks of the marks that tell twins apart.")]
Vehicles = Annotated[
    int | None,
    typer.Option(help="Vehicles that drive through the town; 60.", rich_help_panel=TOWN, show_default=False),
]
Persons = Annotated[
    int | None,
    typer.Option(help="Persons who walk through it; 0.", rich_help_panel=TOWN, show_default=False),
]
Cameras = Annotated[
    int | None, typer.Option(help="Cameras that watch it; 6.", rich_help_panel=TOWN, show_default=False)
]
Minutes = Annotated[
    float | None, typer.Option(help="How long they watch; 10.", rich_help_panel=TOWN, show_default=False)
]
Rate = Annotated[float | None, typer.Option(help="Frames a second; 5.", rich_help_panel=TOWN, show_default=False)]
Fragments = Annotated[
    float | None,
    typer.Option(
        help="Share of passes that the tracker breaks into two tracks; 0.15.",
        rich_help_panel=TOWN,
        show_default=False,
    ),
]
Switches = Annotated[
    float | None,
    typer.Option(
        help="Share of pairs of passes at the same time that exchange their tracks; 0.1.",
        rich_help_panel=TOWN,
        show_default=False,
    ),
]
FalseTracks = Annotated[
    float | None,
    typer.Option(help="Tracks around nobody, as a share of the passes; 0.1.", rich_help_panel=TOWN, show_default=False),
]
Jitter = Annotated[
    float | None,
    typer.Option(
        help="Deviation of a box's edges, as a share of its size; 0.03.", rich_help_panel=TOWN, show_default=False
    ),
]
Missed = Annotated[
    float | None,
    typer.Option(help="Share of boxes that the tracker misses; 0.05.", rich_help_panel=TOWN, show_default=False),
]
