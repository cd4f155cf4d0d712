"""The published page: what the runs found, as Markdown."""

from cases import schedules as rate_cases

from . import paths

__all__ = ["render"]

TITLES = {
    "arithmetic": "Arithmetic", "convolution": "Convolution", "deconvolution": "Deconvolution",
    "interpolation": "Interpolation", "pooling": "Pooling", "fully_connected": "Fully connected",
    "activations": "Activations", "losses": "Losses", "metric_losses": "Losses on angles and distances",
    "normalization": "Normalization", "regularization": "Regularization", "mixing": "Mixing examples",
    "ensembles": "Ensembles", "recurrent": "Recurrent networks",
    "attention": "Attention", "detection": "Boxes and regions",
}  # fmt: skip

KINDS = ("float64", "float32")

INTRODUCTION = """\
<!-- Written by `make conformance`. Do not edit. -->
# Conformance

Every operator of this book stands in it twice: from scratch in NumPy and through PyTorch, under one signature. This page
says how far the two agree. A script writes it; nobody types the figures.

## How it is measured

{machines}

The largest error of an operator is {worst}.

Each operator has a list of calls: random shapes and options, and those that chance would miss, such as ties, NaN, and
empty axes. Both sides compute each call, forward and backward, from the same inputs and the same random gradient. The
first column of figures is in double precision, the second in single precision. Each figure is the **largest relative
error** over all calls.

Two measures are used, because no single one is honest everywhere. An operator that adds products may cancel: its result
can be arbitrarily small beside its terms. There the error of each element is divided by the sum of the absolute values
of its terms. For all other operators the largest error is divided by the largest value of the result.

A test fails where an error exceeds {double} in double or {single} in single precision. Rounding alone makes about 1e-16
and 1e-7. A 0 means that the two are equal to the last bit.

The tests check more than this page shows: {refusals} calls that must fail with PyTorch's class of error, arrays in every
memory layout, inputs that stay unchanged, and gradients asked for one at a time.
"""

OWN = """\
## Operators that PyTorch lacks, or has with fewer options

Here both sides are ours, so their agreement proves little. Three more things are checked. The gradient must give the
slope, found by finite differences in a random direction; the figure is the largest deviation, relative to the terms
that add up to the slope. The result must follow the definition, written as literal loops. And it must be what a paper
or a calculation by hand says.

The last column says whether PyTorch compiles the operator into one graph, forward and backward.
"""

OPTIMIZERS = """\
## Optimizers

From scratch and in `torch.optim` an optimizer takes {steps} steps along the same gradients: noise plus the slope of a
bowl. Now and then a parameter has no gradient. A path stands for one choice of options. There are paths for every option,
alone and with others, for groups with options of their own, for options that change between two steps, and for random
options. Each figure is the largest deviation of a parameter from PyTorch's at any step of any path, divided by the largest
value that this parameter has had until then. A test fails above {double} in double or {single} in single precision.

L-BFGS is not in the table: it chooses itself where it evaluates the loss, so it cannot be given gradients. The tests let
both versions solve the same problems, and compare every place where they evaluate.

The tests check more than this page shows: {refusals} options that must be refused, and states that are saved and loaded
half-way, from here to PyTorch and back too.
"""

SCHEDULES = """\
## Schedules

A schedule gives the learning rate of each step, or the momentum, by a formula. PyTorch's schedulers mostly compute it from
that of the step before, so that rounding errors add up there. Each figure is the largest deviation at any step of any case,
divided by the largest rate of the case. All are in double precision, on the CPU. A test fails where a rate deviates by more
than {tolerance} of itself and {floor} of the largest together.
"""


def render(runs, tolerance):
    """The page.

    Parameters
    ----------
    runs : dict of str to dict
        By device, what :func:`conformance.measuring.run` returned.
    tolerance : dict of str to float
        By dtype, the error at which a test fails.
    """
    records = runs["cpu"]["operators"]
    sections = [
        INTRODUCTION.format(
            machines="\n".join(machine(run) for run in runs.values()),
            worst=" and ".join(worst(runs, kind) for kind in tolerance),
            double=figure(tolerance["float64"]),
            single=figure(tolerance["float32"]),
            refusals=sum(record["refusals"] for record in records),
        )
    ]
    for topic in dict.fromkeys(record["topic"] for record in records):
        rows = [row for record in records if record["topic"] == topic for row in agreement_rows(record, runs)]
        if rows:
            sections.append(f"## {TITLES[topic]}\n\n{table(agreement_header(runs), rows)}")
    own = [own_row(record) for record in records if not record["pytorchs_own"]]
    header = ("Operator", "Slope", "Definition", "Known result", "One graph")
    sections.append(f"{OWN}\n{table(header, own)}")
    sections.append(optimizers(runs))
    sections.append(schedules(runs["cpu"]["schedules"]))
    return "\n".join(sections)


def optimizers(runs):
    """The section on optimizers; a column of figures for each device and precision."""
    records = runs["cpu"]["optimizers"]
    text = OPTIMIZERS.format(
        steps=paths.STEPS,
        double=figure(paths.TOLERANCE["float64"]),
        single=figure(paths.TOLERANCE["float32"]),
        refusals=sum(record["refusals"] for record in records),
    )
    rows = []
    for record in records:
        same = [named(run.get("optimizers", []), record["name"]) for run in runs.values()]
        figures = [figure(item and item["errors"][kind]) for item in same for kind in KINDS]
        rows.append((f"`{record['name']}`", *figures, str(record["paths"])))
    return f"{text}\n{table(('Optimizer', *figure_columns(runs), 'Paths'), rows)}"


def schedules(records):
    """The section on schedules, which are the same on every device."""
    rows = [
        (f"`{record['name']}`", figure(record["error"]), str(record["cases"]), str(record["steps"]))
        for record in records
    ]
    text = SCHEDULES.format(tolerance=figure(rate_cases.TOLERANCE), floor=figure(rate_cases.FLOOR))
    return f"{text}\n{table(('Schedule', 'Deviation', 'Cases', 'Steps'), rows)}"


def named(records, name):
    """The record of this name, or None."""
    return next((record for record in records if record["name"] == name), None)


def machine(run):
    """One item: device, versions, date, number of cases."""
    cases = sum(record["cases"] for record in run["operators"])
    numpy, torch = run["versions"]["numpy"], run["versions"]["torch"]
    return (
        f"- {run['device'].upper()}: {len(run['operators'])} operators, {cases} calls in each precision, NumPy {numpy}, "
        f"PyTorch {torch}, {run['processor']}, {run['date']}."
    )


def worst(runs, kind):
    """Where the largest error in this precision is found, on whatever device."""
    error, name, part = max(
        (errors.get(kind, 0), record["name"], part)
        for run in runs.values()
        for record in run["operators"]
        for part, errors in record["errors"].items()
    )
    return f"{figure(error)} in {kind} (`{name}`, {compared(part)})"


def compared(part):
    return "output" if part == "forward" else f"gradient of `{part}`"


def figure_columns(runs):
    """Columns of figures bear the name of the device only where there are several."""
    several = len(runs) > 1
    return [f"{device.upper()} {kind}" if several else kind for device in runs for kind in KINDS]


def agreement_header(runs):
    return ("Operator", "Compared", *figure_columns(runs), "Calls")


def agreement_rows(record, runs):
    """A row for the output and one for each gradient; the operator's name stands in the first."""
    same = [named(run["operators"], record["name"]) for run in runs.values()]
    for number, part in enumerate(record["errors"]):
        figures = [figure(item and item["errors"].get(part, {}).get(kind)) for item in same for kind in KINDS]
        name, calls = (f"`{record['name']}`", str(record["cases"])) if number == 0 else ("", "")
        yield name, compared(part), *figures, calls


def own_row(record):
    graph = record["uncompiled"] or ("yes" if record["compiled"] else "")
    return (
        f"`{record['name']}`",
        figure(record["finite_differences"]),
        figure(record["by_definition"]),
        "; ".join(record["known"]),
        graph,
    )


def figure(error):
    """An error as a reader wants it: 2e-16."""
    if error is None:
        return ""
    return "0" if error == 0 else f"{error:.0e}".replace("e-0", "e-")


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
