"""What a network costs: parameters, multiply-adds and memory, beside the papers' figures."""

from reseen.profiling.counting import Macs, count_macs, peak_activations
from reseen.profiling.profile import Part, Profile, profile, profile_module

__all__ = ["Macs", "Part", "Profile", "count_macs", "peak_activations", "profile", "profile_module"]
