"""What stands in a town's synth.json: its settings, the cameras' places, who was seen."""

from collections.abc import Mapping

import numpy as np

from reseen.synth.crossing.files import name_of
from reseen.synth.crossing.gait import Walker
from reseen.synth.crossing.scenario import Scenario
from reseen.synth.crossing.town import Town, distances
from reseen.synth.crossing.trips import FASTEST
from reseen.synth.crossing.walks import FASTEST as FASTEST_WALKER
from reseen.synth.crossing.watch import Watch
from reseen.synth.kinds import SUBJECTS
from reseen.synth.plan import twin_pairs
from reseen.synth.subject import Description
from reseen.synth.vehicle.identity import Vehicle


def town_facts(made: Scenario, settings: Mapping[str, float]) -> dict[str, object]:
    """The facts, ready for JSON; of a town without persons none of them speaks of kinds."""
    described = [_described(individual) for individual in made.individuals]
    # vehicles and persons each begin with their pairs of twins
    pairs = twin_pairs([about.twin for about in described])
    street = distances(made.town, [watch.post for watch in made.watches])
    names = [name_of(camera) for camera in range(len(made.watches))]
    walked = made.vehicles < len(made.individuals)
    return {
        "made_by": "reseen synth",
        "kind": "crossing",
        "layout": "cityflow",
        **settings,
        "fastest": FASTEST,
        **({"fastest_person": FASTEST_WALKER} if walked else {}),
        "twin_pairs": [
            [made.numbers[one], made.numbers[other]] for one, other in pairs if {one, other} <= {*made.numbers}
        ],
        "camera": {
            name: {"street": watch.station.street, "start": watch.start, "place": _place(made.town, watch)}
            for name, watch in zip(names, made.watches, strict=True)
        },
        "metres_between": {
            name: {other: round(row[column], 1) for column, other in enumerate(names)}
            for name, row in zip(names, street, strict=True)
        },
        "identity": {
            str(number): {
                **({"of": made.kind(individual)} if walked else {}),
                **described[individual].facts,
                "marks": [*described[individual].marks],
            }
            for individual, number in sorted(made.numbers.items(), key=lambda item: item[1])
        },
    }


def _described(individual: Vehicle | Walker) -> Description:
    if isinstance(individual, Walker):
        return SUBJECTS["person"].describe(individual.person)
    return SUBJECTS["vehicle"].describe(individual)


def _place(town: Town, watch: Watch) -> list[float]:
    """Where the camera hangs in the town, metres."""
    street = town.streets[watch.post.street]
    one, other = (np.asarray(town.junctions[k]) for k in (street.first, street.second))
    return [round(float(value), 1) for value in one + (other - one) * watch.post.along / street.length]
