"""Colour and type of vehicles that a network has never seen, predicted by the classifiers that it was trained with.

    python benchmarks/attributes.py --data SET --out FOLDER [--epochs 2] [--size 64]

The demo's recipe with the loss ``attributes``, on a set in VeRi-776's layout (`reseen synth vehicle SET`). Each image
of query and gallery is asked for its attributes; beside the share of right answers stands that of a guess of the most
frequent class, and that of the answers whose probability is 0.8 or more. Intervals are a bootstrap over vehicles.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars
from numpy.typing import NDArray

from reseen.retrieval.embedder import Embedder
from reseen.retrieval.predicted import Prediction
from reseen.tasks.reid.evaluate import splits_of
from reseen.tasks.reid.train import train
from training_arguments import training_parser

SURE = 0.8
"""From which probability an answer counts as sure."""


def interval(right: NDArray[np.bool_], vehicles: NDArray[np.str_]) -> tuple[float, float]:
    """The 95 % interval of a share of right answers, from 2,000 draws of vehicles."""
    _, numbers = np.unique(vehicles, return_inverse=True)
    hits, images = np.bincount(numbers, weights=right), np.bincount(numbers)
    drawn = np.random.default_rng(0).integers(0, len(images), size=(2000, len(images)))
    low, high = np.quantile(hits[drawn].sum(axis=1) / images[drawn].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def row(attribute: str, *, said: Sequence[Prediction], seen: polars.DataFrame, train_set: polars.DataFrame) -> str:
    """One line of the table."""
    true = np.array(seen[attribute].to_list())
    right = np.array([one.value for one in said]) == true
    sure = np.array([one.probability for one in said]) >= SURE
    most = train_set[attribute].mode().sort()[0]
    low, high = interval(right, np.array(seen["identity"].to_list()))
    cells = [
        attribute,
        str(train_set[attribute].n_unique()),
        str(len(true)),
        f"{100 * right.mean():.1f} ({100 * low:.1f} to {100 * high:.1f})",
        f"{100 * (true == most).mean():.1f} ({most})",
        f"{100 * right[sure].mean():.1f} of {100 * sure.mean():.0f} %" if sure.any() else "none is sure",
    ]
    return f"| {' | '.join(cells)} |"


def main(given: Sequence[str] | None = None) -> None:
    """Train unless it is done, and print the table."""
    options = training_parser(__doc__, epochs=2).parse_args(given)
    lines = [
        f"data.image_size=[{options.size}, {options.size}]",
        "data.workers=0",
        f"training.epochs={options.epochs}",
        "evaluation.every=0",
        "losses.attributes={columns=['colour', 'type'], weight=1.0}",
    ]
    run = train("demo", data=options.data, out=options.out, overrides=lines, resume=options.out.exists()).run
    splits = splits_of(run, None)
    seen = polars.concat([splits.query.frame, splits.gallery.frame], how="diagonal_relaxed")
    said = Embedder.from_pretrained(run.path).predict_attributes([Path(path) for path in seen["path"]])
    print(
        "| attribute | classes | images | right | most frequent class | sure answers right |\n|---|---|---|---|---|---|"
    )
    for name in ("colour", "type"):
        print(row(name, said=[answer[name] for answer in said], seen=seen, train_set=splits.train.frame), flush=True)


if __name__ == "__main__":
    main()
