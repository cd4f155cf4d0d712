"""Measure the agreement of the two backends and write the page that publishes it: ``python -m conformance --help``."""

import argparse
import json
import pathlib
import sys

from . import checks, measuring, page

RESULTS = pathlib.Path(__file__).with_name("results.json")
PAGE = pathlib.Path(__file__).parent.parent / "book" / "conformance.md"
TOLERANCE = {dtype.name: bound for dtype, bound in checks.TOLERANCE.items()}


def main():
    """Measure on one device, keep what is known of the others, write the data and the page."""
    import torch
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument(
        "--device", action="append", choices=["cpu", "cuda"],
        help="where PyTorch computes; the CPU by default, and CUDA too where there is one",
    )  # fmt: skip
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS, help="the data file")
    parser.add_argument("--page", type=pathlib.Path, default=PAGE, help="the page")
    arguments = parser.parse_args()
    devices = arguments.device or ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    runs = json.loads(arguments.results.read_text()) if arguments.results.exists() else {}
    for device in devices:
        runs[device] = measuring.run(
            device, progress=lambda items: tqdm(items, file=sys.stdout, mininterval=5)
        )
    arguments.results.write_text(json.dumps(runs, indent=1) + "\n")
    arguments.page.write_text(page.render(runs, TOLERANCE))
    print(f"written to {arguments.results} and {arguments.page}")


if __name__ == "__main__":
    main()
