"""Which network a training hands over: chosen among candidates on held-out identities, never worse than untrained.

Candidates are the untrained weights, the trained ones and averages of both, each with several heads.
"""

from reseen.tasks.reid.choose.candidates import Candidate
from reseen.tasks.reid.choose.choice import Choice, Outcome, Scored, choose, read_choice
from reseen.tasks.reid.choose.handover import hand_over
from reseen.tasks.reid.choose.on_all import hand_over_on_all

__all__ = ["Candidate", "Choice", "Outcome", "Scored", "choose", "hand_over", "hand_over_on_all", "read_choice"]
