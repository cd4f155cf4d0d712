"""What the reader's browser needs runs in an environment where NumPy is the only package."""

import importlib.util
import json
import os
import shutil
import subprocess
import venv
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent
ABSENT = [
    "torch",
    "matplotlib",
    "scipy",
    "sklearn",
    "anywidget",
    "ipywidgets",
    "IPython",
    "pooch",
    "tqdm",
    "hypothesis",
    "pytest",
]


def bring(source, folder):
    try:
        os.symlink(source, folder / source.name)
    except OSError:  # not everybody may make links on Windows
        shutil.copytree(source, folder / source.name)


@pytest.fixture(scope="module")
def clean_python(tmp_path_factory):
    """A function that runs a program in a virtual environment with this NumPy and dlcore, and returns what it says."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home / "env", symlinks=os.name != "nt")
    python = home / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def run(program, *options):
        # -I: neither the working directory nor PYTHONPATH nor the user's packages
        command = [str(python), "-I", *options, "-c", program]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=home, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    packages = Path(run("import json, sysconfig; print(json.dumps(sysconfig.get_path('purelib')))"))
    numpy = Path(np.__file__).parent
    for source in (numpy, numpy.with_name("numpy.libs"), ROOT / "dlcore"):
        if source.is_dir():
            bring(source, packages)
    return run


def test_the_environment_has_numpy_and_none_of_the_other_packages(clean_python):
    for name in ("torch", "matplotlib", "scipy", "sklearn", "ipywidgets"):
        assert importlib.util.find_spec(name) is not None, (
            f"{name} is not installed here either: nothing is shown"
        )
    program = f"""
import importlib, importlib.util, json
import numpy
def importable(name):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return False
    return True
print(json.dumps([name for name in {ABSENT!r} if importable(name) or importlib.util.find_spec(name)]))
"""
    assert clean_python(program) == []


def test_a_convolution_goes_forward_and_backward_with_numpy_alone(clean_python):
    program = """
import json
import numpy as np
from dlcore import scratch
generator = np.random.default_rng(0)
input = scratch.Tensor(generator.standard_normal((2, 3, 6, 6)), requires_grad=True)
weight = scratch.Tensor(generator.standard_normal((4, 3, 3, 3)), requires_grad=True)
hidden = scratch.max_pool2d(scratch.relu(scratch.conv2d(input, weight, padding=1)), 2)
loss = scratch.cross_entropy(hidden.flatten(1), np.array([0, 1]))
loss.backward()
print(json.dumps([input.grad.tolist(), weight.grad.tolist()]))
"""
    for gradient, expected in zip(clean_python(program), gradients_through_torch(), strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-12)


def gradients_through_torch():
    """The same program, here."""
    functional = torch.nn.functional
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(shape) for shape in ((2, 3, 6, 6), (4, 3, 3, 3))]
    input, weight = (torch.tensor(array, requires_grad=True) for array in arrays)
    hidden = functional.max_pool2d(functional.relu(functional.conv2d(input, weight, padding=1)), 2)
    functional.cross_entropy(hidden.flatten(1), torch.tensor([0, 1])).backward()
    return input.grad.numpy(), weight.grad.numpy()


@pytest.mark.parametrize(
    ("module", "program"),
    [
        ("dlcore", "from dlcore import __version__ as result"),
        ("dlcore.scratch", "from dlcore import scratch; result = sorted(scratch.__all__)[0]"),
        ("dlcore.scratch.nn", "from dlcore import scratch; result = scratch.nn.Conv2d is not None"),
        ("dlcore.scratch.optimizers", "from dlcore import scratch; result = scratch.optimizers.SGD is not None"),
        ("dlcore.data", "from dlcore import data; result = data.digits()[0].shape"),
        ("dlcore.data", "from dlcore import data; result = data.photograph('china').shape"),
        ("dlcore.shapes", "from dlcore import shapes; result = shapes.nn is not None"),
        ("dlcore.networks", "from dlcore import networks, scratch; result = len(networks.lenet5(scratch.nn).state_dict())"),
        ("dlcore.networks", "from dlcore import networks, shapes; result = networks.lenet5(shapes.nn) is not None"),
        ("dlcore.widgets", "from dlcore import widgets; result = True"),
        (
            "dlcore.widgets.convolution",
            "from dlcore import widgets; result = len(widgets.convolution.sliding_kernel().scene())",
        ),
        ("dlcore.verdicts", "import dlcore.verdicts; result = True"),
    ],
)  # fmt: skip
def test_what_the_browser_runs_imports_and_runs_with_numpy_alone(clean_python, module, program):
    assert clean_python(f"import json\n{program}\nprint(json.dumps(result))", "-W", "error")
