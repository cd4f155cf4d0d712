"""Train LeNet-5 on the digits from scratch and through PyTorch: ``python -m benchmarks.training --help``.

Both begin with the same weights and meet the same examples in the same order, each in a process of its own.
"""

import argparse
import functools
import math
import pathlib
import statistics
import time

import numpy as np

from .comparison import BACKENDS, workers, write


def measure(seeds, epochs, threads):
    """Train from each seed, the two backends in turn.

    Returns
    -------
    list of dict
        For each seed: seconds, accuracy on the held-out digits of each backend, and what scratch's are against
        PyTorch's: the ratio of the times, the difference of the accuracies in points.
    """
    records = []
    with workers(threads, train) as ask:
        for backend in BACKENDS:
            ask(backend, 0, 1)  # whatever is done only once, such as loading
        for seed in range(seeds):
            record = {"seed": seed, "epochs": epochs, "threads": threads}
            for backend in BACKENDS if seed % 2 else BACKENDS[::-1]:
                record |= {f"{backend}_{name}": value for name, value in ask(backend, seed, epochs).items()}
            record["time_ratio"] = record["scratch_seconds"] / record["pytorch_seconds"]
            record["accuracy_points"] = 100 * (record["scratch_accuracy"] - record["pytorch_accuracy"])
            records.append(record)
    return records


def train(backend, seed, epochs, batch_size=32):
    """Seconds of training, and accuracy on the fifth of the digits that it did not see.

    The learning rate is small and falls to 0. The two round differently, and a larger rate magnifies that from step to
    step until they part: at 0.005 one run of five ended two of the 360 images apart, at a constant 0.02 up to eleven. In
    float64 they stayed together even then.
    """
    from dlcore import data, networks, scratch, training

    images, labels = data.digits()
    images = images.repeat(4, axis=2).repeat(4, axis=3)  # LeNet-5 reads 32 x 32
    seen, unseen, seen_labels, unseen_labels = data.train_test_split(
        images, labels, test_fraction=0.2, generator=np.random.default_rng(seed)
    )
    network = networks.lenet5(backend.nn)
    network.load_state_dict(_first_weights(seed))
    optimizer = backend.optimizers.SGD(network.parameters(), lr=0.002, momentum=0.9)
    steps = epochs * math.ceil(len(seen) / batch_size)
    engine = backend.training.Engine(**({} if backend is scratch else {"device": "cpu"}))
    start = time.perf_counter()
    training.train(
        network, optimizer, backend.cross_entropy, (seen, seen_labels), epochs, batch_size=batch_size, seed=seed,
        schedule=functools.partial(scratch.schedules.cosine, T_max=steps), progress=False, engine=engine,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    found = training.evaluate(network, backend.cross_entropy, (unseen, unseen_labels), engine=engine)
    return {"seconds": seconds, "accuracy": found["accuracy"]}


def _first_weights(seed):
    from dlcore import networks, scratch

    network, generator = networks.lenet5(scratch.nn), np.random.default_rng(seed)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            scratch.initialization.kaiming_normal_(parameter, nonlinearity="relu", generator=generator)
        else:
            scratch.initialization.zeros_(parameter)
    return network.state_dict()


def table(records):
    """The results as text."""
    line = "{:>4} {:>9} {:>9} {:>6} {:>10} {:>10} {:>7}"
    lines = [line.format("seed", "scratch s", "torch s", "ratio", "scratch %", "torch %", "points")]
    for record in records:
        lines.append(
            line.format(
                record["seed"],
                *(f"{record[f'{backend}_seconds']:.2f}" for backend in BACKENDS),
                f"{record['time_ratio']:.2f}",
                *(f"{100 * record[f'{backend}_accuracy']:.2f}" for backend in BACKENDS),
                f"{record['accuracy_points']:+.2f}",
            )
        )
    ratio = statistics.median(record["time_ratio"] for record in records)
    points = max(abs(record["accuracy_points"]) for record in records)
    return "\n".join(
        [*lines, f"median ratio of the times {ratio:.2f}, largest difference {points:.2f} points"]
    )


def main():
    """Parse the arguments, train, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--threads", type=int, default=1, help="number of threads (default: 1)")
    parser.add_argument("--seeds", type=int, default=5, help="number of runs (default: 5)")
    parser.add_argument("--epochs", type=int, default=10, help="epochs of each run (default: 10)")
    parser.add_argument(
        "--output", type=pathlib.Path, default="_build/benchmarks_training.json", help="where the JSON goes"
    )
    arguments = parser.parse_args()
    for name in ("threads", "seeds", "epochs"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name}: must be at least 1, got {getattr(arguments, name)}")
    records = measure(arguments.seeds, arguments.epochs, arguments.threads)
    print("LeNet-5 on the digits, float32, minibatches of 32")
    print(table(records))
    write(arguments.output, records)


if __name__ == "__main__":
    main()
