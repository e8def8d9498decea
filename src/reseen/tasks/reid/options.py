"""Options that change an evaluation from what its recipe says, and their names beside scores."""

from dataclasses import dataclass

from reseen.engine.hardware import DeviceName
from reseen.metrics import PROTOCOLS, Protocol
from reseen.metrics.average_precision import find_precision_rule
from reseen.metrics.protocol import find_protocol
from reseen.tasks.reid.postprocess import PLAIN, Postprocessing
from reseen.tasks.reid.recipe import MetadataTold, Recipe

_OF_EMBEDDINGS = ("metadata", "flip")
_OF_RECIPES = ("average_precision", *_OF_EMBEDDINGS)


@dataclass(frozen=True)
class EvaluationOptions:
    """None leaves an option to the recipe or the data. ReseenError for an unknown protocol or average precision."""

    protocol: str | Protocol | None = None
    average_precision: str | None = None
    metadata: MetadataTold | None = None
    flip: bool | None = None
    postprocessing: Postprocessing = PLAIN
    device: DeviceName = "auto"

    def __post_init__(self) -> None:
        if self.protocol is not None:
            find_protocol(self.protocol)
        if self.average_precision is not None:
            find_precision_rule(self.average_precision)

    def rules(self, usual: str) -> Protocol:
        """The chosen protocol, or else the usual one."""
        return find_protocol(usual if self.protocol is None else self.protocol)

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe with these options in its evaluation."""
        chosen = {name: getattr(self, name) for name in _OF_RECIPES if getattr(self, name) is not None}
        return recipe.model_copy(update={"evaluation": recipe.evaluation.model_copy(update=chosen)})

    def embedding_options(self) -> list[str]:
        """The chosen options that change embeddings."""
        return [name for name in _OF_EMBEDDINGS if getattr(self, name) is not None]

    def differences(self, recipe: Recipe, usual: str) -> list[str]:
        """A clause for each option that differs from the recipe and from the usual protocol of the data."""
        was, now, rules = recipe.evaluation, self.applied(recipe).evaluation, self.rules(usual)
        clauses = [f"protocol {_named(rules)}"] if rules != find_protocol(usual) else []
        if now.average_precision != was.average_precision:
            clauses.append(f"{now.average_precision} average precision")
        return clauses + self.embedding_differences(recipe) + self.postprocessing.describe()

    def embedding_differences(self, recipe: Recipe) -> list[str]:
        """The clauses of options that change embeddings; without any, a run's saved embeddings can be used."""
        was, now = recipe.evaluation, self.applied(recipe).evaluation
        clauses = [f"metadata {now.metadata}"] if now.metadata != was.metadata else []
        return clauses + (["flip test" if now.flip else "no flip test"] if now.flip != was.flip else [])


RECIPE_OPTIONS = EvaluationOptions()


def _named(rules: Protocol) -> str:
    """A protocol's name, or all its rules where the table has no such protocol."""
    return rules.name if PROTOCOLS.get(rules.name) == rules else rules.describe()
