"""How :mod:`dlcore.training` computes with PyTorch: on any device, in lower precision, compiled, on several processes."""

import contextlib
import os

import numpy as np
import torch
import torch.distributed
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from ..scratch.training import generators_of
from .devices import device as choose_device

__all__ = ["Engine"]


class Engine:
    """Answers what the training loop asks of a backend.

    A script that trains runs unchanged under ``torchrun --nproc-per-node 4 script.py``: each process then takes its part
    of every minibatch, and the gradients are averaged, so that all processes move as one process would. Augmentation
    comes before the parting. Only what a layer computes from the whole minibatch, such as the statistics of batch
    normalization, and what it draws, such as dropout, is each process's own; of running averages, the first process's
    count. Which parameters are used must not change from step to step. On GPUs, a script that ends with
    ``torch.distributed.destroy_process_group()`` spares its reader a warning.

    Parameters
    ----------
    device : str or torch.device, optional
        By default :func:`dlcore.pytorch.device`'s choice; under torchrun each process takes a GPU of its own.
    autocast : torch.dtype, optional
        Compute the forward pass in ``torch.bfloat16`` or ``torch.float16`` where that is safe. With float16 the loss is
        scaled up; where a gradient then overflows, the step is passed over and the scale halved. Optimizers that
        compute the gradient several times in one step, such as LBFGS, cannot be used then.
    compile : bool or dict
        Compile the network by ``torch.compile``; a dict is its options.
    channels_last : bool
        Keep images and kernels (N, C, H, W) in the memory order (N, H, W, C), in which GPUs convolve faster.

    Attributes
    ----------
    is_first : bool
        Whether this process writes checkpoints and shows progress.
    skips_infinite_gradients : bool
        Whether a step with an infinite gradient is passed over, as float16 needs it while the loss is scaled up.

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
        if device is None and self.processes > 1:
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = choose_device(device)
        self.autocast, self.compile, self.channels_last = autocast, compile, channels_last
        self.scaler = self._new_scaler()
        if self.processes > 1:
            self._join()

    def _new_scaler(self):
        return torch.amp.GradScaler(self.device.type, enabled=self.autocast == torch.float16)

    def _join(self):
        """Meet the other processes, each with a GPU of its own."""
        if self.device.type == "cuda":
            if self.device.index is None:
                self.device = choose_device(f"cuda:{os.environ['LOCAL_RANK']}")
            torch.cuda.set_device(self.device)  # NCCL sends from there
        if not torch.distributed.is_initialized():
            torch.distributed.init_process_group("nccl" if self.device.type == "cuda" else "gloo")

    @property
    def is_first(self):
        return self.rank == 0

    @property
    def skips_infinite_gradients(self):
        return self.scaler.is_enabled() and self.scaler.get_scale() > 1

    def place(self, network):
        """Bring the network to where the engine computes. Its parameters stay the same objects."""
        network.to(self.device)
        if self.channels_last:
            network.to(memory_format=torch.channels_last)

    def prepare(self, network):
        """What to call in place of the network."""
        self.place(network)
        # A run that was interrupted may have left the old one in the middle of a step.
        self.scaler = self._new_scaler()
        if self.processes > 1 and any(param.requires_grad for param in network.parameters()):
            devices = [self.device] if self.device.type == "cuda" else None
            # Static: which parameters are used is found out in the first step. Those without a gradient may then stay so.
            network = DistributedDataParallel(network, device_ids=devices, static_graph=True)
        if self.compile is not False:
            network = torch.compile(network, **(self.compile if isinstance(self.compile, dict) else {}))
        return network

    def arrays(self, data):
        """Inputs and targets as arrays or tensors, of which :meth:`tensors` takes a part."""
        return tuple(
            array if isinstance(array, (np.ndarray, torch.Tensor)) else torch.as_tensor(array)
            for array in data
        )

    def tensors(self, data, rows):
        """A copy of the examples `rows`, an array of indices, of inputs and targets, on the device."""
        return tuple(self._placed(array[rows]) for array in data)

    def _placed(self, array):
        tensor = torch.as_tensor(array).to(self.device)
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

    def agree(self, network):
        """Let all processes have the same running averages, those of the first."""
        if self.processes > 1:
            for buffer in network.buffers():
                torch.distributed.broadcast(buffer, 0)

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
        if self.device.type != "cpu":
            own[self.device.type] = torch.get_device_module(self.device).get_rng_state(self.device)
        processes = [own]
        if self.processes > 1:
            processes = [None] * self.processes
            torch.distributed.all_gather_object(processes, own)
        layers = [generator.get_state() for generator in generators_of(network, torch.Generator)]
        return {"processes": processes, "layers": layers, "scaler": self.scaler.state_dict()}

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
        torch.set_rng_state(own["cpu"])
        if self.device.type in own and self.device.type != "cpu":
            torch.get_device_module(self.device).set_rng_state(own[self.device.type], self.device)
        for generator, state in zip(
            generators_of(network, torch.Generator), state_dict["layers"], strict=True
        ):
            generator.set_state(state)
        if state_dict["scaler"]:  # empty where the run went on in another precision until now
            self.scaler.load_state_dict(state_dict["scaler"])

    def restore(self, part, state_dict):
        """Have a network, an optimizer or another part of a run continue from a state."""
        part.load_state_dict(state_dict)
        if not isinstance(part, torch.optim.Optimizer):
            return
        # PyTorch rounds an optimizer's state to the parameters' dtype, also scalars that have one of their own (NAdam).
        params = [param for group in part.param_groups for param in group["params"]]
        for place, saved in state_dict["state"].items():
            own = part.state[params[place]]
            for name, value in saved.items():
                if isinstance(value, torch.Tensor) and value.dtype != own[name].dtype:
                    own[name] = value.to(own[name].device)

    def save(self, file, state):
        """Write nested dicts and lists of numbers, strings and tensors."""
        torch.save(_without_numpy(state), file)

    def load(self, file):
        """Read what :meth:`save` wrote; the file cannot run code (``weights_only``)."""
        return torch.load(file, map_location="cpu", weights_only=True)


def _without_numpy(value):
    """`value` with Python's numbers and tensors for NumPy's numbers and arrays, which would be refused on reading."""
    if type(value) is dict:  # not the mappings that modules make, which hold tensors
        return {key: _without_numpy(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_without_numpy, value))
    if isinstance(value, np.ndarray) and value.ndim:
        return torch.from_numpy(value.copy())
    return value.item() if isinstance(value, (np.generic, np.ndarray)) else value
