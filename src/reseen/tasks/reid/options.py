"""Choices: what an evaluation is asked to do otherwise than a recipe says, and how a score says that it was."""

from dataclasses import dataclass

from reseen.engine.hardware import DeviceName
from reseen.metrics import PROTOCOLS, Protocol
from reseen.metrics.average_precision import find_precision_rule
from reseen.metrics.protocol import find_protocol
from reseen.tasks.reid.postprocess import PLAIN, Refinement
from reseen.tasks.reid.recipe import MetadataTold, Recipe

_OF_PICTURES = ("metadata", "flip")
_OF_RECIPES = ("average_precision", *_OF_PICTURES)


@dataclass(frozen=True)
class Choices:
    """None leaves a matter to the recipe, or to the data. ReseenError: unknown protocol or average precision."""

    protocol: str | Protocol | None = None
    average_precision: str | None = None
    metadata: MetadataTold | None = None
    flip: bool | None = None
    refinement: Refinement = PLAIN
    device: DeviceName = "auto"

    def __post_init__(self) -> None:
        if self.protocol is not None:
            find_protocol(self.protocol)
        if self.average_precision is not None:
            find_precision_rule(self.average_precision)

    def rules(self, usual: str) -> Protocol:
        """The protocol that was chosen, or else the usual one."""
        return find_protocol(usual if self.protocol is None else self.protocol)

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe with these choices in its evaluation."""
        chosen = {name: getattr(self, name) for name in _OF_RECIPES if getattr(self, name) is not None}
        return recipe.model_copy(update={"evaluation": recipe.evaluation.model_copy(update=chosen)})

    def of_pictures(self) -> list[str]:
        """Which choices are about how pictures become vectors."""
        return [name for name in _OF_PICTURES if getattr(self, name) is not None]

    def differences(self, recipe: Recipe, usual: str) -> list[str]:
        """A clause for each choice that is not what the recipe, and the usual protocol of the data, say anyway."""
        was, now, rules = recipe.evaluation, self.applied(recipe).evaluation, self.rules(usual)
        clauses = [f"protocol {_named(rules)}"] if rules != find_protocol(usual) else []
        if now.average_precision != was.average_precision:
            clauses.append(f"{now.average_precision} average precision")
        return clauses + self.differences_of_pictures(recipe) + self.refinement.describe()

    def differences_of_pictures(self, recipe: Recipe) -> list[str]:
        """The same for how pictures become vectors: while there is none, a run's kept embeddings are still these."""
        was, now = recipe.evaluation, self.applied(recipe).evaluation
        clauses = [f"metadata {now.metadata}"] if now.metadata != was.metadata else []
        return clauses + (["flip test" if now.flip else "no flip test"] if now.flip != was.flip else [])


AS_THE_RECIPE_SAYS = Choices()


def _named(rules: Protocol) -> str:
    """A protocol's name, or all its rules where it is no table's."""
    return rules.name if PROTOCOLS.get(rules.name) == rules else rules.describe()
