"""Time the operators of ``dlcore.scratch`` against PyTorch on the CPU: ``python -m benchmarks --help``."""

import argparse
import contextlib
import datetime
import json
import math
import multiprocessing
import pathlib
import platform
import statistics

from cases import TIMED

from . import worker
from .machine import processor, versions

BACKENDS = ("scratch", "pytorch")


def measure(cases, threads, repeats):
    """Run both implementations in turn and take medians.

    Returns
    -------
    list of dict
        For each case: seconds and peak bytes of each implementation, and scratch's as a multiple of PyTorch's.
    """
    with _workers(threads, worker.peak_bytes) as ask:
        peaks = {case.name: {backend: ask(backend, case.name) for backend in BACKENDS} for case in cases}
    records = []
    with _workers(threads, worker.seconds) as ask:
        for case in cases:
            times = [[ask(backend, case.name) for backend in BACKENDS] for _ in range(repeats)]
            seconds = dict(zip(BACKENDS, map(statistics.median, zip(*times))))
            record = {"case": case.name, "family": case.family, "threads": threads}
            record |= {f"{backend}_seconds": seconds[backend] for backend in BACKENDS}
            record |= {f"{backend}_peak_bytes": peaks[case.name][backend] for backend in BACKENDS}
            record["time_ratio"] = seconds["scratch"] / seconds["pytorch"]
            measured = all(peaks[case.name].values())
            record["memory_ratio"] = (
                peaks[case.name]["scratch"] / peaks[case.name]["pytorch"] if measured else None
            )
            records.append(record)
    return records


@contextlib.contextmanager
def _workers(threads, measure):
    """A process for each implementation, and a function that asks one of them to run a case."""
    context = multiprocessing.get_context("spawn")
    connections, processes = {}, []
    for backend in BACKENDS:
        connections[backend], theirs = context.Pipe()
        processes.append(
            context.Process(target=worker.serve, args=(theirs, backend, threads, measure), daemon=True)
        )
        processes[-1].start()
        theirs.close()

    def ask(backend, case_name):
        connections[backend].send(case_name)
        return connections[backend].recv()

    yield ask
    for connection in connections.values():
        connection.send(None)
    for process in processes:
        process.join()


def geometric_means(records):
    """The geometric mean of the time ratios, by family and number of threads."""
    groups = {}
    for record in records:
        groups.setdefault((record["family"], record["threads"]), []).append(math.log(record["time_ratio"]))
    return [
        {"family": family, "threads": threads, "time_ratio": math.exp(statistics.fmean(logarithms))}
        for (family, threads), logarithms in groups.items()
    ]


def table(records, means):
    """The results as text."""
    line = "{:38} {:>3} {:>9} {:>9} {:>6} {:>8} {:>8} {:>6}"
    lines = [
        line.format(
            "forward + backward, float32", "thr", "scratch", "torch", "ratio", "scratch", "torch", "ratio"
        )
    ]
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
    lines += [
        f"geometric mean, {mean['family']}, {mean['threads']} thread(s): {mean['time_ratio']:.2f}"
        for mean in means
    ]
    return "\n".join(lines)


def main():
    """Parse the arguments, measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--threads", type=int, nargs="+", default=[1, 2], help="numbers of threads (default: 1 2)"
    )
    parser.add_argument(
        "--repeats", type=int, default=15, help="timed passes, of which the median (default: 15)"
    )
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument(
        "--output", type=pathlib.Path, default="_build/benchmarks.json", help="where the JSON goes"
    )
    parser.add_argument("--family", default="", help="only cases of this family")
    arguments = parser.parse_args()
    cases = [case for case in TIMED if arguments.only in case.name and arguments.family in ("", case.family)]
    if not cases:
        parser.error(f"no case has {arguments.only!r} in its name and belongs to family {arguments.family!r}")
    records = [
        record for threads in arguments.threads for record in measure(cases, threads, arguments.repeats)
    ]
    means = geometric_means(records)
    print(table(records, means))
    result = {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions(),
        "repeats": arguments.repeats,
        "results": records,
        "geometric_means": means,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written to {arguments.output}")


if __name__ == "__main__":
    main()
