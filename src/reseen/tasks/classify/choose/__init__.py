"""Which network a classification hands over: chosen among candidates on held-out images, never worse than untrained.

Candidates are the start weights and averages of them and the trained ones, each with a head fitted on training images,
and the trained network.
"""

from reseen.tasks.classify.choose.candidates import Candidate
from reseen.tasks.classify.choose.choice import Choice, Outcome, Scored, choose, read_choice
from reseen.tasks.classify.choose.handover import choose_network

__all__ = ["Candidate", "Choice", "Outcome", "Scored", "choose", "choose_network", "read_choice"]
