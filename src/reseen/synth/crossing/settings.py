"""What a town's settings may be."""

from collections.abc import Mapping

from reseen.errors import ReseenError

SMALLEST = 32
"""The least side of the largest crops, pixels."""


def check_settings(settings: Mapping[str, float]) -> None:
    """ReseenError for settings that cannot be met."""
    counts = {"vehicles": settings["vehicles"], "persons": settings.get("persons", 0)}
    if not any(counts.values()):
        raise ReseenError("vehicles and persons: expected at least 2 of either, got 0 of both")
    least = {name: 2.0 for name, count in counts.items() if count}
    least |= {"cameras": 2, "minutes": 0.5, "seed": 0, "rate": 1, "image_size": SMALLEST}
    for name, value in least.items():
        if not value <= settings[name] < float("inf"):
            raise ReseenError(f"{name}: at least {value:g}, got {settings[name]:g}")
    if not 0 <= settings["twins"] <= 1:
        raise ReseenError(f"twins: a share from 0 to 1, got {settings['twins']:g}")
