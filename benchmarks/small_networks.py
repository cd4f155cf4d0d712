"""Train the small variants of the networks, from scratch and through PyTorch: ``python -m benchmarks.small_networks --help``.

On the digits, each pixel repeated to 32 x 32, with Adam at its default rate, minibatches of 32; until the held-out
fifth is classified right to 95 %, or a minute has passed at the end of an epoch.
"""

import argparse
import pathlib
import time

import numpy as np

from dlcore import networks, shapes

from .comparison import BACKENDS, workers, write


def train(backend, name, seconds, goal, seed=0):
    """Epochs, seconds of training and accuracy on the digits held out at its end."""
    from dlcore import data, scratch, training

    images, labels = data.digits()
    images = images.repeat(4, axis=2).repeat(4, axis=3)
    seen, unseen, seen_labels, unseen_labels = data.train_test_split(
        images, labels, test_fraction=0.2, generator=np.random.default_rng(seed)
    )
    network = small(name, backend.nn)
    first = networks.initialize(small(name, scratch.nn), np.random.default_rng(seed))
    network.load_state_dict(first.state_dict())
    optimizer = backend.optimizers.Adam(network.parameters(), lr=0.001)
    loss = networks.auxiliary_loss(backend.cross_entropy)
    engine = backend.training.Engine(**({} if backend is scratch else {"device": "cpu"}))
    spent, epochs, accuracy = 0.0, 0, 0.0
    while spent < seconds and accuracy < goal:
        start = time.perf_counter()
        training.train(
            network, optimizer, loss, (seen, seen_labels), 1, seed=epochs, progress=False, engine=engine
        )
        spent += time.perf_counter() - start
        epochs += 1
        accuracy = training.evaluate(network, loss, (unseen, unseen_labels), engine=engine)["accuracy"]
    return {"epochs": epochs, "seconds": spent, "accuracy": accuracy}


def small(name, nn):
    """The small variant for gray digits; LeNet-5 is one."""
    options = {} if name == "lenet5" else {"small": True}
    return getattr(networks, name)(nn, num_classes=10, in_channels=1, **options)


LINE = "{:22} {:>10} {:>13} {:>7} {:>9} {:>9} {:>7} {:>9} {:>9}"


def main():
    """Parse the arguments, train, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.small_networks", description=__doc__)
    parser.add_argument("names", nargs="*", default=list(networks.PUBLISHED), help="networks (default: all)")
    parser.add_argument("--threads", type=int, default=2, help="number of threads (default: 2)")
    parser.add_argument("--seconds", type=float, default=60, help="after which to stop (default: 60)")
    parser.add_argument("--goal", type=float, default=0.95, help="accuracy at which to stop (default: 0.95)")
    parser.add_argument(
        "--output", type=pathlib.Path, default="_build/benchmarks_small.json", help="where the JSON goes"
    )
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in networks.PUBLISHED:
            parser.error(f"{name}: expected names among {', '.join(networks.PUBLISHED)}")
    records = []
    print(LINE.format("", "parameters", "multiply-adds", *("epochs", "scratch s", "scratch %", "epochs", "torch s", "torch %")))  # fmt: skip
    with workers(arguments.threads, train) as ask:
        for name in arguments.names:
            summary = shapes.summary(small(name, shapes.nn).eval(), (1, 1, 32, 32))
            record = {"network": name, "threads": arguments.threads, "parameters": summary.parameters,
                      "multiply_adds": summary.multiply_adds}  # fmt: skip
            for backend in BACKENDS:
                found = ask(backend, name, arguments.seconds, arguments.goal)
                record |= {f"{backend}_{key}": value for key, value in found.items()}
            columns = [
                text
                for backend in BACKENDS
                for text in (
                    record[f"{backend}_epochs"],
                    f"{record[f'{backend}_seconds']:.1f}",
                    f"{100 * record[f'{backend}_accuracy']:.1f}",
                )
            ]
            print(LINE.format(name, f"{summary.parameters:,}", f"{summary.multiply_adds:,}", *columns), flush=True)  # fmt: skip
            records.append(record)
    write(arguments.output, records, seconds=arguments.seconds, goal=arguments.goal)


if __name__ == "__main__":
    main()
