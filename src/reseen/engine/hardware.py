"""Lightning Fabric from a recipe: one or many devices, and the precision."""

import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.single_device import SingleDeviceStrategy
from torch import nn

from reseen.errors import ReseenError
from reseen.recipe.training import Hardware, TrainingRecipe

DeviceName = Literal["auto", "cpu", "cuda"]
PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


def launch(hardware: Hardware, *, every_parameter_used: bool = True) -> Fabric:
    """Launch Fabric. Under ``torchrun`` its world decides the number of processes, not the recipe.

    ``every_parameter_used`` False: some parameters get no gradient, for which distributed training must search. For
    example, the neck of a branch with triplet loss alone is used in inference only.
    """
    devices, nodes = _world(hardware)
    accelerator = _accelerator(hardware)
    if hardware.precision == "fp16" and accelerator == "cpu":
        raise ReseenError("hardware.precision: fp16 needs a GPU; expected fp32 or bf16 on the CPU, got fp16")
    try:
        fabric = Fabric(
            accelerator=accelerator,
            devices=devices,
            num_nodes=nodes,
            strategy=_strategy(devices * nodes, every_parameter_used=every_parameter_used),
            precision=PRECISIONS[hardware.precision],  # type: ignore[arg-type]
        )
    except (RuntimeError, ValueError) as error:
        # Lightning reports a device that is not there as one of these two.
        raise ReseenError(f"hardware: {str(error).splitlines()[0]}") from None
    fabric.launch()
    return fabric


def one_device(name: DeviceName = "auto") -> Fabric:
    """One device in full precision, by default this machine's best, also inside a process that ``torchrun`` started."""
    device = torch.device(_accelerator(Hardware(accelerator=name)))
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ReseenError("device 'cuda': torch finds no GPU here; leave the device out, or say cpu")
    fabric = Fabric(accelerator=device.type, strategy=SingleDeviceStrategy(device))
    fabric.launch()
    return fabric


def counting_device(fabric: Fabric) -> str:
    """The device that ranks similarities: the GPU if the model is on one, else the processor."""
    return "cuda" if fabric.device.type == "cuda" else "cpu"


def takes_fused(device: torch.device, recipe: TrainingRecipe) -> bool:
    """Whether the optimiser may step all weights in one kernel: on a GPU, unless fp16 gradients are clipped.

    A fused optimiser removes fp16's scale from the gradients itself, so they cannot be clipped before.
    """
    clips_scaled = recipe.hardware.precision == "fp16" and recipe.training.clip_norm is not None
    return device.type == "cuda" and not clips_scaled


def compile_for_training(model: nn.Module) -> None:
    """Run the model's calls through `torch.compile` from now on; its tensors keep their names.

    Raises ReseenError where there is no compiler, which torch needs on every device.
    """
    if not any(map(shutil.which, (os.environ.get("CXX", "c++"), "g++", "clang++"))):
        raise ReseenError(
            "hardware.compile: torch.compile needs a C++ compiler, and there is none; install g++, or leave it out"
        )
    model.compile(dynamic=False)


def uncompiled(hardware: Hardware) -> AbstractContextManager[object]:
    """Run compiled models eagerly inside the block, so that nothing is compiled for batches of another size."""
    if not hardware.compile:
        return nullcontext()
    stance: AbstractContextManager[object] = torch.compiler.set_stance("force_eager")
    return stance


def _strategy(processes: int, *, every_parameter_used: bool) -> str:
    if processes == 1:
        return "auto"
    return "ddp" if every_parameter_used else "ddp_find_unused_parameters_true"


def _world(hardware: Hardware) -> tuple[int, int]:
    if not torch.distributed.is_torchelastic_launched():
        return hardware.devices, hardware.nodes
    local = int(os.environ["LOCAL_WORLD_SIZE"])
    return local, int(os.environ["WORLD_SIZE"]) // local


def _accelerator(hardware: Hardware) -> str:
    if hardware.accelerator != "auto":
        return hardware.accelerator
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
