"""Which machine and which software a measurement was made with."""

import platform
from importlib import metadata

__all__ = ["processor", "versions"]


def processor(device="cpu"):
    """The name of the processor, or of the accelerator that `device` names, as the system knows it."""
    if device != "cpu":
        import torch

        return torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def versions():
    """Of the two libraries that are compared."""
    return {name: metadata.version(name) for name in ("numpy", "torch")}
