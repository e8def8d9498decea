"""The recipe's [texts]: how the first stage of CLIP-ReID learns the words that describe each identity.

Li et al., "CLIP-ReID", AAAI 2023, section 3.2.
"""

from math import cos, pi
from typing import Annotated, NamedTuple

from pydantic import Field

from reseen.models.texts import word_numbers
from reseen.recipe.section import Section


class Stage(NamedTuple):
    """How words are learned; the defaults are the paper's for persons, 60 ``epochs`` its for VeRi-776."""

    epochs: int = 120
    batch_size: int = 64
    learning_rate: float = 3.5e-4
    last_rate: float = 1e-6
    warmup_epochs: int = 5
    warmup_rate: float = 1e-5
    weight_decay: float = 1e-4

    def rate(self, epoch: int) -> float:
        """Of an epoch, counted from 0: a line up, then half a cosine down."""
        if epoch < self.warmup_epochs:
            return self.warmup_rate + (self.learning_rate - self.warmup_rate) * epoch / self.warmup_epochs
        share = (epoch - self.warmup_epochs) / max(self.epochs - self.warmup_epochs, 1)
        return self.last_rate + (self.learning_rate - self.last_rate) * (1 + cos(pi * share)) / 2


PERSONS = Stage()
_Rate = Annotated[float, Field(gt=0)]


class Texts(Section):
    """The first stage, which learns the texts that the loss ``image_to_text`` trains against in the second.

    ``word``: what the images show: "A photo of a X X X X person." ``tokens``: the same by its numbers in CLIP's
    vocabulary. ``vocabulary``: CLIP's list of merged pairs, which any word but "person" needs. ``learn`` False: no
    first stage, and no loss against texts.
    """

    word: str = "person"
    tokens: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = None
    vocabulary: str | None = None
    learn: bool = True
    epochs: Annotated[int, Field(ge=1)] = PERSONS.epochs
    batch_size: Annotated[int, Field(ge=1)] = PERSONS.batch_size
    learning_rate: _Rate = PERSONS.learning_rate
    last_rate: _Rate = PERSONS.last_rate
    warmup_epochs: Annotated[int, Field(ge=0)] = PERSONS.warmup_epochs
    warmup_rate: _Rate = PERSONS.warmup_rate
    weight_decay: Annotated[float, Field(ge=0)] = PERSONS.weight_decay

    @property
    def stage(self) -> Stage:
        """Epochs, batches and rates."""
        return Stage(**{name: getattr(self, name) for name in Stage._fields})

    def numbers(self) -> tuple[int, ...]:
        """Of the word in CLIP's vocabulary. ReseenError where they cannot be told."""
        return tuple(self.tokens) if self.tokens else word_numbers(self.word, vocabulary=self.vocabulary)
