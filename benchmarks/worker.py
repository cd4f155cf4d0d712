"""One implementation in a process of its own, so that neither finds the other's threads or memory."""

import contextlib
import ctypes
import functools
import importlib
import time

import numpy as np

from cases import TIMED
from conformance.calls import Call, find


def serve(connection, backend_name, threads, answer):
    """Send back ``answer(backend, *arguments)`` for the arguments received, until None comes."""
    from threadpoolctl import threadpool_limits

    backend = importlib.import_module(f"dlcore.{backend_name}")
    if backend_name == "pytorch":
        import torch

        torch.set_num_threads(threads)
    with threadpool_limits(threads):
        for arguments in iter(connection.recv, None):
            connection.send(answer(backend, *arguments))


@functools.lru_cache(maxsize=1)
def _prepared(backend, prepare, name):
    """The function that runs a pass, after whatever happens only the first time."""
    once = prepare(backend, name)
    once()
    return once


def seconds(backend, prepare, name):
    """How long a pass takes that ``prepare(backend, name)`` returns."""
    once = _prepared(backend, prepare, name)
    start = time.perf_counter()
    once()
    return time.perf_counter() - start


def operator_pass(backend, name):
    """A pass of the timed case of this name."""
    return one_pass(backend, next(case for case in TIMED if case.name == name))


def network_pass(backend, name):
    """A function that computes what a network makes of one image of the size it was published with.

    In evaluation mode, without recording, float32; the same weights and image whoever asks.
    """
    from dlcore import networks, scratch

    network = getattr(networks, name)(backend.nn).eval()
    first = getattr(networks, name)(scratch.nn)
    network.load_state_dict(networks.initialize(first, np.random.default_rng(0)).state_dict())
    shape = (1, *networks.PUBLISHED[name].input_shape)
    image = backend.tensor(np.random.default_rng(1).standard_normal(shape, dtype=np.float32))

    def once():
        with backend.training.Engine().no_grad():
            network(image)

    return once


def one_pass(backend, case):
    """A function that runs the operator forward and backward once, from the same float32 inputs.

    Of several outputs the first takes the gradient, as in training. An operator without gradients runs forward alone.
    """
    operator = find(backend, case.operator)
    call = Call(None, case.sample, np.float32, seed=0)
    tensors = {id(leaf): backend.tensor(leaf.array, requires_grad=leaf.requires_grad) for leaf in call.leaves}
    shape = tuple(run_forward(backend, call, operator, tensors).shape)
    gradient = backend.tensor(np.random.default_rng(1).standard_normal(shape, dtype=np.float32))

    def once():
        output = run_forward(backend, call, operator, tensors)
        if output.requires_grad:
            output.backward(gradient)
        for tensor in tensors.values():
            tensor.grad = None

    return once


def run_forward(backend, call, operator, tensors):
    """The first output of the operator on these tensors."""
    outputs, _ = call.run(operator, lambda leaf: tensors[id(leaf)], functools.partial(_generator, backend))
    return outputs[0]


def _generator(backend, number):
    if backend.__name__.endswith("scratch"):
        return np.random.default_rng(number)
    import torch

    return torch.Generator().manual_seed(number)


def peak_bytes(backend, prepare, name):
    """How much more memory the process holds during a pass than before it, or None where the system does not say.

    Counted by the kernel (VmHWM of Linux), and so in the same way for both implementations, with everything that
    their libraries allocate. It includes the output and the gradients, and leaves out the inputs and the parameters.
    """
    try:
        _return_freed_memory()
        once = _prepared(backend, prepare, name)
        before = _status("VmRSS")
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        once()
        return max(0, _status("VmHWM") - before)
    except (OSError, AttributeError, TypeError):
        return None


def _return_freed_memory():
    """Have the C library take arrays above 64 KiB straight from the system and give them back at once.

    Memory that it kept from an earlier pass would hide what the measured one needs. It costs time, so no pass is
    timed in such a process. Where the C library is not glibc, nothing is done.
    """
    m_mmap_threshold = -3
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(m_mmap_threshold, 1 << 16)


def _status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key + ":"))
