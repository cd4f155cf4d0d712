"""How :mod:`dlcore.training` computes with PyTorch: on any device, in lower precision, compiled, on several processes."""

import contextlib
import os

import numpy as np
import torch
import torch.distributed
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from .devices import device as choose_device

__all__ = ["Engine"]


class Engine:
    """Answers what the training loop asks of a backend.

    A script that trains runs unchanged under ``torchrun --nproc-per-node 4 script.py``: each process then takes its part
    of every minibatch, and the gradients are averaged, so that all processes move as one process would. Augmentation
    comes before the parting. Only what a layer computes from the whole minibatch, such as the statistics of batch
    normalization, and what it draws, such as dropout, is each process's own.

    Parameters
    ----------
    device : str or torch.device, optional
        By default :func:`dlcore.pytorch.device`'s choice; under torchrun each process takes a GPU of its own.
    autocast : torch.dtype, optional
        Compute the forward pass in ``torch.bfloat16`` or ``torch.float16`` where that is safe. With float16 the loss is
        scaled, and steps whose gradient overflows are passed over.
    compile : bool or dict
        Compile the network by ``torch.compile``; a dict is its options.
    channels_last : bool
        Keep images and kernels (N, C, H, W) in the memory order (N, H, W, C), in which GPUs convolve faster.

    Attributes
    ----------
    is_first : bool
        Whether this process writes checkpoints and shows progress.
    skips_infinite_gradients : bool
        Whether a step with an infinite gradient is passed over, as float16 needs it.

    Raises
    ------
    TypeError, ValueError
        Options of another kind.
    """

    no_grad = staticmethod(torch.no_grad)

    def __init__(self, device=None, autocast=None, compile=False, channels_last=False):
        if autocast not in (None, torch.bfloat16, torch.float16):
            raise ValueError(f"autocast: expected torch.bfloat16, torch.float16 or None, got {autocast!r}")
        for name, value, kinds in (
            ("compile", compile, (bool, dict)),
            ("channels_last", channels_last, (bool,)),
        ):
            if not isinstance(value, kinds):
                raise TypeError(f"{name}: expected a {kinds[-1].__name__}, got {type(value).__name__}")
        self.processes, self.rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
        if device is None and torch.cuda.is_available() and self.processes > 1:
            device = f"cuda:{os.environ['LOCAL_RANK']}"
        self.device = choose_device("cpu" if device is None and self.processes > 1 else device)
        self.autocast, self.compile, self.channels_last = autocast, compile, channels_last
        self.skips_infinite_gradients = autocast == torch.float16
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.skips_infinite_gradients)
        if self.processes > 1 and not torch.distributed.is_initialized():
            torch.distributed.init_process_group("nccl" if self.device.type == "cuda" else "gloo")

    @property
    def is_first(self):
        return self.rank == 0

    def place(self, network):
        """Bring the network to where the engine computes. Its parameters stay the same objects."""
        network.to(self.device)
        if self.channels_last:
            network.to(memory_format=torch.channels_last)

    def prepare(self, network):
        """What to call in place of the network."""
        self.place(network)
        if self.processes > 1 and any(param.requires_grad for param in network.parameters()):
            devices = [self.device] if self.device.type == "cuda" else None
            network = DistributedDataParallel(network, device_ids=devices)
        if self.compile is not False:
            network = torch.compile(network, **(self.compile if isinstance(self.compile, dict) else {}))
        return network

    def tensors(self, data, rows):
        """The examples `rows` of inputs and targets, on the device."""
        return tuple(self._placed(array[rows]) for array in data)

    def _placed(self, array):
        tensor = torch.as_tensor(array).to(self.device, non_blocking=True)
        images = self.channels_last and tensor.ndim == 4
        return tensor.contiguous(memory_format=torch.channels_last) if images else tensor

    def array(self, tensor):
        """A tensor's values as a NumPy array; bfloat16, which NumPy lacks, as float32."""
        tensor = tensor.detach()
        return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).cpu().numpy()

    def generator(self, seed, step):
        """A generator for what is drawn in a step."""
        state = np.random.SeedSequence([seed, 1, step]).generate_state(1, np.uint64)
        return torch.Generator().manual_seed(int(state[0] >> 1))

    def share(self, inputs, targets):
        """This process's part of a minibatch, and its weight in the mean over the processes.

        A minibatch smaller than the number of processes leaves some without examples. These compute one all the same,
        because the others wait for them, with weight 0.
        """
        count = len(inputs)
        start, stop = (count * rank // self.processes for rank in (self.rank, self.rank + 1))
        weight = (stop - start) * self.processes / count
        rows = slice(start, max(stop, start + 1))
        return inputs[rows], targets[rows], weight

    def mean(self, number):
        """The mean over the processes."""
        if self.processes == 1:
            return number
        total = torch.tensor(number, dtype=torch.float64, device=self.device)
        torch.distributed.all_reduce(total)
        return total.item() / self.processes

    def precision(self):
        """The context in which the forward pass runs."""
        if self.autocast is None:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.autocast)

    def backward(self, loss):
        """Compute the gradients."""
        self.scaler.scale(loss).backward()

    def clip(self, optimizer, parameters, max_norm):
        """The norm of all gradients together, which are then scaled down to `max_norm` where it is larger."""
        self.scaler.unscale_(optimizer)
        norm = get_total_norm([param.grad for param in parameters if param.grad is not None])
        if max_norm is not None:
            clip_grads_with_norm_(parameters, max_norm, norm)
        return norm.item()

    def step(self, optimizer, closure):
        """Have the optimizer take a step."""
        if not self.scaler.is_enabled():
            optimizer.step(closure)
            return
        closure()
        self.scaler.step(optimizer)
        self.scaler.update()

    def state_dict(self, network):
        """The states of PyTorch's generators, of every process, and of the scaling of the loss."""
        own = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            own["cuda"] = torch.cuda.get_rng_state(self.device)
        processes = [own]
        if self.processes > 1:
            processes = [None] * self.processes
            torch.distributed.all_gather_object(processes, own)
        return {"processes": processes, "scaler": self.scaler.state_dict()}

    def load_state_dict(self, network, state_dict):
        """Continue their sequences.

        Raises
        ------
        ValueError
            A run of another number of processes.
        """
        processes = state_dict["processes"]
        if len(processes) != self.processes:
            raise ValueError(f"processes: the run was kept by {len(processes)}, got {self.processes}")
        own = processes[self.rank]
        torch.set_rng_state(own["cpu"].cpu())
        if "cuda" in own and self.device.type == "cuda":
            torch.cuda.set_rng_state(own["cuda"].cpu(), self.device)
        self.scaler.load_state_dict(state_dict["scaler"])

    def save(self, file, state):
        """Write nested dicts and lists of numbers, strings and tensors."""
        torch.save(state, file)

    def load(self, file):
        """Read what :meth:`save` wrote; the file cannot run code (``weights_only``)."""
        return torch.load(file, map_location=self.device, weights_only=True)
