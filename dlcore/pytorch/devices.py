"""Where tensors live and operators run."""

import torch

__all__ = ["device"]


def device(preferred=None):
    """The device to compute on: CUDA where there is one, else MPS (Apple's GPU), else the CPU.

    Parameters
    ----------
    preferred : str or torch.device, optional
        Take this one instead: "cuda", "cuda:1", "mps" or "cpu".

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        `preferred` is none of these.
    RuntimeError
        `preferred` is not available on this machine.
    """
    counts = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    available = [name for name, count in counts.items() if count]
    if preferred is None:
        return torch.device(available[0])
    try:
        chosen = torch.device(preferred)
    except (RuntimeError, TypeError):
        chosen = None
    if chosen is None or chosen.type not in counts:
        raise ValueError(f"preferred: expected 'cuda', 'cuda:<index>', 'mps' or 'cpu', got {preferred!r}")
    if (chosen.index or 0) >= counts[chosen.type]:
        raise RuntimeError(f"preferred: {str(chosen)!r} is not available here, only {', '.join(available)}")
    return chosen
