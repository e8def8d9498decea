"""`profile`: parameters, multiply-adds and activations of a model by name, whole and part by part."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from reseen.models import MODELS
from reseen.profiling.counting import Macs, count_macs, peak_activations
from reseen.tasks.reid.build_model import build_model


@dataclass(frozen=True)
class Part:
    """One part of a model; ``macs`` of one image's forward pass."""

    parameters: int
    trainable_parameters: int
    macs: Macs

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the JSON file."""
        return {
            "parameters": self.parameters,
            "trainable_parameters": self.trainable_parameters,
            "macs": {"total": self.macs.total, **self.macs._asdict()},
        }


@dataclass(frozen=True)
class Profile:
    """A model's cost for images of ``image_size`` (height, width) and so many training identities.

    ``activations_inference`` and ``activations_training``: bytes of float32 an image, the most alive at once in
    evaluation, and the most alive in a training step's forward pass, which keeps what backward needs.
    """

    name: str
    image_size: tuple[int, int]
    identities: int
    whole: Part
    parts: dict[str, Part]
    activations_inference: int
    activations_training: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the JSON file."""
        return {
            "name": self.name,
            "image_size": list(self.image_size),
            "identities": self.identities,
            **self.whole.as_dict(),
            "peak_activation_bytes": {
                "inference": self.activations_inference,
                "training_forward": self.activations_training,
            },
            "parts": {name: part.as_dict() for name, part in self.parts.items()},
        }


def profile(name: str, *, identities: int = 575, image_size: tuple[int, int] | None = None) -> Profile:
    """Count the parameters, multiply-adds and activations of a model by name.

    Args:
        name: A name that ``reseen.build_model`` takes.
        identities: Training identities; 575 are those of VeRi-776, as MBR's release counts them.
        image_size: (height, width); None: the size of the model's paper.

    Returns:
        The cost of the whole model and of each part.

    Raises:
        ReseenError: Unknown model, or an image size that it does not take.

    Example:
        >>> cost = profile("resnet50_bot", identities=10, image_size=(64, 32))
        >>> cost.whole.parameters, cost.whole.macs.convolution
        (23532608, 253329408)
    """
    size = image_size or usual_size(name)
    model = build_model(name, num_identities=identities, image_size=size)
    return profile_module(model, name=name, identities=identities, image_size=size)


def profile_module(model: nn.Module, *, name: str, identities: int, image_size: tuple[int, int]) -> Profile:
    """The same of a built model."""
    macs = count_macs(model, image_size)
    return Profile(
        name=name,
        image_size=image_size,
        identities=identities,
        whole=_part(model, macs.get("", Macs())),
        parts={path: _part(part, macs.get(path, Macs())) for path, part in _parts(model)},
        activations_inference=peak_activations(model.eval(), image_size),
        activations_training=peak_activations(model.train(), image_size),
    )


def usual_size(name: str) -> tuple[int, int]:
    """256 x 256 for the vehicle papers' models, 256 x 128 for persons."""
    return (256, 256) if name in MODELS and MODELS[name].branches else (256, 128)


def _parts(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """The model's children, lists of them one by one, without those that hold and compute nothing to count."""
    found = []
    for name, child in model.named_children():
        if isinstance(child, nn.ModuleList):
            found += [(f"{name}.{number}", entry) for number, entry in enumerate(child)]
        elif any(True for _ in child.parameters()):
            found.append((name, child))
    return found


def _part(module: nn.Module, macs: Macs) -> Part:
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in module.parameters()]
    return Part(
        parameters=sum(size for size, _ in sizes),
        trainable_parameters=sum(size for size, trained in sizes if trained),
        macs=macs,
    )
