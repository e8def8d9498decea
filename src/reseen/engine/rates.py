"""Which parameters train at which share of the learning rate, and with which weight decay."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from torch import nn

from reseen.backbones import Backbone
from reseen.backbones.start_parts import layers_below_top, start_parameters
from reseen.recipe.schedules import Parameters
from reseen.recipe.training import Training


class ParameterGroups(NamedTuple):
    """What the optimiser takes, and each of its groups' factor on the learning rate, in the same order."""

    parameters: Parameters
    factors: tuple[float, ...]


def parameter_groups(learner: nn.Module, backbone: Backbone, *, settings: Training) -> ParameterGroups:
    """The learner's trainable parameters, grouped by rate and weight decay.

    Without settings of either they are one plain list, so the optimiser's state is laid out as it always was. The
    groups stand in the order of their first parameters.

    Raises ReseenError for ``layer_decay`` where the backbone does not group its layers.
    """
    trainable = [parameter for parameter in learner.parameters() if parameter.requires_grad]
    if settings.pretrained_rate == settings.layer_decay == settings.bias_rate == 1.0 and settings.decay_norms:
        return ParameterGroups(trainable, (1.0,))
    factors = _factors(backbone, settings)
    biases = {id(parameter) for name, parameter in learner.named_parameters() if name.split(".")[-1] == "bias"}
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for parameter in trainable:
        decays = settings.decay_norms or parameter.ndim > 1
        factor = factors.get(id(parameter), 1.0) * (settings.bias_rate if id(parameter) in biases else 1.0)
        groups.setdefault((factor, decays), []).append(parameter)
    return ParameterGroups(_as_torch_has_them(groups), tuple(factor for factor, _ in groups))


def _factors(backbone: Backbone, settings: Training) -> Mapping[int, float]:
    """By its id, each parameter that start weights fill -> its factor; the top layers have ``pretrained_rate``."""
    start = start_parameters(backbone)
    depths = dict.fromkeys(start, 0) if settings.layer_decay == 1.0 else layers_below_top(backbone)
    return {id(start[name]): settings.pretrained_rate * settings.layer_decay**depth for name, depth in depths.items()}


def _as_torch_has_them(groups: Mapping[tuple[float, bool], Sequence[nn.Parameter]]) -> list[dict[str, Any]]:
    """Groups without weight decay say so; the others have the optimiser's."""
    return [
        {"params": list(parameters)} if decays else {"params": list(parameters), "weight_decay": 0.0}
        for (_, decays), parameters in groups.items()
    ]
