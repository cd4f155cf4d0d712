"""One implementation in a process of its own, so that neither finds the other's threads or memory."""

import contextlib
import ctypes
import functools
import importlib
import time

import numpy as np

from cases import TIMED
from conformance.calls import Call, find


def serve(connection, backend_name, threads, measure):
    """Run a pass of the case whose name is received and answer with what `measure` makes of it, until None comes."""
    from threadpoolctl import threadpool_limits

    if measure is peak_bytes:
        _return_freed_memory()
    backend = importlib.import_module(f"dlcore.{backend_name}")
    if backend_name == "pytorch":
        import torch

        torch.set_num_threads(threads)
    prepared = (None, None)
    with threadpool_limits(threads):
        for name in iter(connection.recv, None):
            if prepared[0] != name:
                prepared = (name, one_pass(backend, next(case for case in TIMED if case.name == name)))
                prepared[1]()
            connection.send(measure(prepared[1]))


def seconds(once):
    """How long a pass takes."""
    start = time.perf_counter()
    once()
    return time.perf_counter() - start


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


def peak_bytes(once):
    """How much more memory the process holds during a pass than before it, or None where the system does not say.

    Counted by the kernel (VmHWM of Linux), and so in the same way for both implementations, with everything that
    their libraries allocate. It includes the output and the gradients.
    """
    try:
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
