"""The speed of a recipe's trials on this machine, on images that can be read, each measured once."""

from dataclasses import dataclass, field
from typing import TypeAlias

from lightning_fabric import Fabric

from reseen.data.table import Split, Splits
from reseen.data.unreadable import find_unreadable
from reseen.engine.pretrained import resolved
from reseen.errors import ReseenError
from reseen.progress import SILENT
from reseen.tasks.reid.automatic.speed import Speed, measure_speed
from reseen.tasks.reid.recipe import Recipe

_Trial: TypeAlias = tuple[str, tuple[int, int]]


@dataclass
class Speedometer:
    """Measures on the first training images, but for ``large`` ones; ``damaged`` are those that did not decode."""

    splits: Splits
    fabric: Fabric
    large: frozenset[str] = frozenset()
    damaged: dict[str, str] = field(default_factory=dict)
    _known: dict[_Trial, Speed] = field(default_factory=dict)

    def __call__(self, recipe: Recipe) -> Speed:
        """Seconds an image in training and in embedding. ReseenError where no image can be decoded for it."""
        trial = (recipe.model.backbone, recipe.data.image_size)
        if trial not in self._known:
            train = self._decodable(recipe.sampler.identities * recipe.sampler.images)
            identities = min(recipe.sampler.identities, len(train.identity_names))
            recipe = resolved(recipe.filled({"sampler.identities": identities}))
            self._known[trial] = measure_speed(recipe, self.splits._replace(train=train), fabric=self.fabric)
        return self._known[trial]

    def _decodable(self, count: int) -> Split:
        """The training images without large ones, of which the first ``count`` decode."""
        train = self._without({*self.large, *self.damaged})
        while bad := find_unreadable(train.paths[:count], SILENT):
            self.damaged.update({str(path): reason for path, reason in bad.items()})
            train = self._without({*self.large, *self.damaged})
        return train

    def _without(self, left_out: set[str]) -> Split:
        train = self.splits.train
        kept = [row for row, path in enumerate(train.frame["path"]) if path not in left_out]
        if not kept:
            raise ReseenError(
                f"{self.splits.root}: expected training images that can be decoded, got none of {len(train)}; "
                "reseen check says why"
            )
        return Split(train.frame[kept])
