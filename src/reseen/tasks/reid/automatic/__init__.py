"""Settings chosen from the training set: facts of the set, a choice a setting, and the recipe with all of them."""

from reseen.tasks.reid.automatic.choices import CHOICES, Choice
from reseen.tasks.reid.automatic.facts import SetFacts, set_facts
from reseen.tasks.reid.automatic.fit import Fitted, fit

__all__ = ["CHOICES", "Choice", "Fitted", "SetFacts", "fit", "set_facts"]
