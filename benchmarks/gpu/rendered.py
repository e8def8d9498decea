"""Synthetic sets that a part needs, rendered once into the scratch folder."""

from pathlib import Path

from gpu.part import Setting
from reseen.synth import synthesise


def rendered(setting: Setting, kind: str, *, identities: int, images: int, image_size: int, twins: float = 0.5) -> Path:
    """The set's folder; what is there has been rendered whole."""
    folder = setting.scratch / f"{kind}-{identities}-{images}-{image_size}-{twins:g}"
    if not folder.exists():
        asked = {"identities": identities, "images": images, "image_size": image_size, "twins": twins}
        synthesise(kind, folder, **asked, workers=max(1, setting.workers))
    return folder
