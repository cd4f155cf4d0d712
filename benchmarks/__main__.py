"""Time the operators of ``dlcore.scratch`` against PyTorch on the CPU: ``python -m benchmarks --help``."""

import argparse
import math
import pathlib
import statistics

from cases import TIMED

from . import worker
from .comparison import measure, table, write


def geometric_means(records):
    """The geometric mean of the time ratios, by family and number of threads."""
    groups = {}
    for record in records:
        groups.setdefault((record["family"], record["threads"]), []).append(math.log(record["time_ratio"]))
    return [
        {"family": family, "threads": threads, "time_ratio": math.exp(statistics.fmean(logarithms))}
        for (family, threads), logarithms in groups.items()
    ]


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
    families = {case.name: case.family for case in cases}
    records = [
        record | {"family": families[record["case"]]}
        for threads in arguments.threads
        for record in measure(list(families), worker.operator_pass, threads, arguments.repeats)
    ]
    means = geometric_means(records)
    print(table(records, "forward + backward, float32"))
    for mean in means:
        print(f"geometric mean, {mean['family']}, {mean['threads']} thread(s): {mean['time_ratio']:.2f}")
    write(arguments.output, records, repeats=arguments.repeats, geometric_means=means)


if __name__ == "__main__":
    main()
