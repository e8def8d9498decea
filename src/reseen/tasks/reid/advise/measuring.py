"""The speed of a recipe's trials on this machine, on images that can be read, each measured once."""

from dataclasses import dataclass, field
from typing import TypeAlias

from lightning_fabric import Fabric

from reseen.data.table import Split, Splits
from reseen.data.unreadable import find_unreadable
from reseen.engine.pretrained import resolved
from reseen.errors import ReseenError
from reseen.progress import SILENT
from reseen.tasks.reid.automatic.speed import Speed, first_batch, measure_speed
from reseen.tasks.reid.recipe import Recipe

_Trial: TypeAlias = tuple[str, tuple[int, int]]


@dataclass
class Speedometer:
    """Measures on training images that are not ``large``; ``damaged`` are those that did not decode."""

    splits: Splits
    fabric: Fabric
    large: frozenset[str] = frozenset()
    damaged: dict[str, str] = field(default_factory=dict)
    _known: dict[_Trial, Speed] = field(default_factory=dict)

    def __call__(self, recipe: Recipe) -> Speed:
        """Seconds an image in training and in embedding. ReseenError where no image can be decoded for it."""
        trial = (recipe.model.backbone, recipe.data.image_size)
        if trial not in self._known:
            recipe, train = self._decodable(resolved(recipe))
            self._known[trial] = measure_speed(recipe, self.splits._replace(train=train), fabric=self.fabric)
        return self._known[trial]

    def _decodable(self, recipe: Recipe) -> tuple[Recipe, Split]:
        """The recipe for the training images without large ones, of which those decode that are measured."""
        while True:
            train = self._without({*self.large, *self.damaged})
            identities = min(recipe.sampler.identities, len(train.identity_names))
            fitting = recipe.filled({"sampler.identities": identities})
            paths = train.paths
            bad = find_unreadable([paths[draw.row] for draw in first_batch(fitting, train)], SILENT)
            if not bad:
                return fitting, train
            self.damaged.update({str(path): reason for path, reason in bad.items()})

    def _without(self, left_out: set[str]) -> Split:
        train = self.splits.train
        kept = [row for row, path in enumerate(train.frame["path"]) if path not in left_out]
        if not kept:
            raise ReseenError(
                f"{self.splits.root}: expected training images that can be decoded, got none of {len(train)}; "
                "reseen check says why"
            )
        return Split(train.frame[kept])
