"""Both implementations side by side: measured in turn, each in a process of its own."""

import contextlib
import datetime
import json
import multiprocessing
import platform
import statistics

from . import worker
from .machine import processor, versions

__all__ = ["BACKENDS", "measure", "table", "workers", "write"]

BACKENDS = ("scratch", "pytorch")


@contextlib.contextmanager
def workers(threads, answer):
    """A process for each implementation, and a function that has one of them answer.

    ``ask(backend_name, *arguments)`` returns what ``answer(backend, *arguments)`` returns there.
    """
    context = multiprocessing.get_context("spawn")
    connections, processes = {}, []
    for backend in BACKENDS:
        connections[backend], theirs = context.Pipe()
        processes.append(
            context.Process(target=worker.serve, args=(theirs, backend, threads, answer), daemon=True)
        )
        processes[-1].start()
        theirs.close()

    def ask(backend, *arguments):
        connections[backend].send(arguments)
        return connections[backend].recv()

    yield ask
    for connection in connections.values():
        connection.send(None)
    for process in processes:
        process.join()


def measure(names, prepare, threads, repeats):
    """Run both implementations in turn and take medians.

    Parameters
    ----------
    names : list of str
    prepare : function of (backend, name)
        Returns the function of no arguments that is measured.
    threads, repeats : int

    Returns
    -------
    list of dict
        For each name: seconds and peak bytes of each implementation, and scratch's as a multiple of PyTorch's.
    """
    with workers(threads, worker.peak_bytes) as ask:
        peaks = {name: {backend: ask(backend, prepare, name) for backend in BACKENDS} for name in names}
    records = []
    with workers(threads, worker.seconds) as ask:
        for name in names:
            times = [[ask(backend, prepare, name) for backend in BACKENDS] for _ in range(repeats)]
            seconds = dict(zip(BACKENDS, map(statistics.median, zip(*times))))
            record = {"case": name, "threads": threads}
            record |= {f"{backend}_seconds": seconds[backend] for backend in BACKENDS}
            record |= {f"{backend}_peak_bytes": peaks[name][backend] for backend in BACKENDS}
            record["time_ratio"] = seconds["scratch"] / seconds["pytorch"]
            measured = all(peaks[name].values())
            record["memory_ratio"] = peaks[name]["scratch"] / peaks[name]["pytorch"] if measured else None
            records.append(record)
    return records


def table(records, title):
    """The records of :func:`measure` as text."""
    line = "{:38} {:>3} {:>9} {:>9} {:>6} {:>8} {:>8} {:>6}"
    lines = [line.format(title, "thr", "scratch", "torch", "ratio", "scratch", "torch", "ratio")]
    lines += [line.format("", "", "ms", "ms", "time", "MB peak", "MB peak", "memory")]
    for record in records:
        peaks = [record[f"{backend}_peak_bytes"] for backend in BACKENDS]
        lines.append(
            line.format(
                record["case"],
                record["threads"],
                *(f"{record[f'{backend}_seconds'] * 1e3:.2f}" for backend in BACKENDS),
                f"{record['time_ratio']:.2f}",
                *("-" if peak is None else f"{peak / 1e6:.1f}" for peak in peaks),
                "-" if record["memory_ratio"] is None else f"{record['memory_ratio']:.2f}",
            )
        )
    return "\n".join(lines)


def write(path, records, **more):
    """The records as JSON, with the machine and the software that they were measured with."""
    result = {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions(),
        "results": records,
        **more,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written to {path}")
