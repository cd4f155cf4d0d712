"""Time what networks make of one image, from scratch and through PyTorch: ``python -m benchmarks.networks --help``."""

import argparse
import pathlib

from dlcore import networks

from . import worker
from .comparison import measure, table, write


def main():
    """Parse the arguments, measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks", description=__doc__)
    parser.add_argument("names", nargs="*", default=["resnet18"], help="networks (default: resnet18)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1], help="numbers of threads (default: 1)")
    parser.add_argument(
        "--repeats", type=int, default=11, help="timed passes, of which the median (default: 11)"
    )
    parser.add_argument(
        "--output", type=pathlib.Path, default="_build/benchmarks_networks.json", help="where the JSON goes"
    )
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in networks.PUBLISHED:
            parser.error(f"{name}: expected names among {', '.join(networks.PUBLISHED)}")
    records = [
        record
        for threads in arguments.threads
        for record in measure(arguments.names, worker.network_pass, threads, arguments.repeats)
    ]
    print(table(records, "forward, one image, float32"))
    write(arguments.output, records, repeats=arguments.repeats)


if __name__ == "__main__":
    main()
