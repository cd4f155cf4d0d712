"""An error within a network says where, and is otherwise the error that it was."""

import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch

from dlcore import pytorch, scratch, shapes
from dlcore.shapes.nn.module import Layer

BACKENDS = {"scratch": scratch, "pytorch": pytorch}
backends = pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS)


class Own(ValueError):
    """An error of a user, with attributes that the place of a layer must not touch."""

    def __init__(self, code):
        super().__init__(code, "second")
        self.place, self.problem = "theirs", code

    def __str__(self):
        return f"code {self.problem}"


class Closed(ValueError):
    """An error that lets nobody add to it."""

    def __setattr__(self, name, value):
        raise AttributeError(name)


def raising(backend, error):
    """A layer that raises the same object each time."""
    base = scratch.nn.Module if backend is scratch else torch.nn.Module

    class Raises(base):
        def forward(self, input):
            raise error

    return Raises()


def around(backend, layer):
    nn = backend.nn
    trunk = OrderedDict(body=nn.Sum(nn.Identity(), nn.Concat(layer)))
    return nn.Sequential(OrderedDict(outer=nn.AuxiliaryHeads(trunk, {})))


PLACE = "outer.body.1.0"


def undecodable():
    with pytest.raises(UnicodeDecodeError) as caught:
        b"\xff".decode()
    return caught.value


MADE = {
    "decoding": undecodable,
    "key": lambda: KeyError("name"),
    "memory": lambda: torch.OutOfMemoryError("out of memory"),
    "axis": lambda: np.exceptions.AxisError(3, 2),
    "file": lambda: FileNotFoundError(2, "no such file", "a.txt"),
    "two arguments": lambda: ValueError("a", 3),
    "no argument": lambda: RuntimeError(),
    "a number": lambda: IndexError(3),
    "own": lambda: Own(7),
}


@backends
@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_an_error_that_is_more_than_a_message_keeps_all_it_has(backend, make):
    error = make()
    error.add_note("a note of its own")
    before = error.args, str(error), {k: v for k, v in vars(error).items() if k != "__notes__"}
    network, input = around(backend, raising(backend, error)), backend.tensor(np.ones((2, 3)))
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            network(input)
        assert caught.value is error and error.__traceback__ is not None
        after = {name: value for name, value in vars(error).items() if name not in ("__notes__", "_place")}
        assert (error.args, str(error), after) == before
        assert error.__notes__ == ["a note of its own", f"at {PLACE}: Raises"]


@backends
@pytest.mark.parametrize("kind", [RuntimeError, ValueError, IndexError, TypeError, NotImplementedError])
def test_a_message_begins_with_the_place_once_however_often_it_is_raised(backend, kind):
    error, nn = kind("what is wrong"), backend.nn
    layer = raising(backend, error)
    first, input = around(backend, layer), backend.tensor(np.ones((2, 3)))
    for network, place in [
        (first, PLACE),
        (first, PLACE),
        (nn.Sequential(layer), "0"),
        (nn.Sequential(layer), "0"),
    ]:
        with pytest.raises(kind) as caught:
            network(input)
        assert caught.value is error and str(error) == f"{place}: Raises: what is wrong"
    assert not hasattr(error, "__notes__")


@backends
def test_an_error_that_nobody_may_change_is_raised_as_it_is(backend):
    error = Closed("closed")
    with pytest.raises(Closed, match="^closed$") as caught:
        around(backend, raising(backend, error))(backend.tensor(np.ones((2, 3))))
    assert caught.value is error


@backends
@pytest.mark.parametrize(
    "make", [lambda: RuntimeError("text"), lambda: KeyError("name")], ids=["plain", "key"]
)
def test_an_error_with_a_place_can_be_pickled_and_does_not_hold_the_network(backend, make):
    error = make()
    with pytest.raises(type(error)):
        around(backend, raising(backend, error))(backend.tensor(np.ones((2, 3))))
    again = pickle.loads(pickle.dumps(error))
    assert again.args == error.args and getattr(again, "__notes__", None) == getattr(error, "__notes__", None)
    assert len(pickle.dumps(error)) < 500


@backends
def test_the_traceback_leads_to_the_line_that_raised(backend):
    with pytest.raises(RuntimeError) as caught:
        around(backend, raising(backend, RuntimeError("text")))(backend.tensor(np.ones((2, 3))))
    assert caught.traceback[-1].frame.code.raw.co_name == "forward"
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_pytorch_says_what_it_expected():
    nn = pytorch.nn
    conv, norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
    cases = [
        (conv, torch.ones(2, 5, 8, 8), r"expected 3 channels, got shape \(2, 5, 8, 8\)"),
        (conv, torch.ones(2, 3, 8), r"expected 4 axes, got shape \(2, 3, 8\)"),
        (conv, torch.ones(2, 3, 8, 8, dtype=torch.uint8), "expected torch.float32, got torch.uint8"),
        (conv, torch.ones(2, 3, 8, 8).double(), "expected torch.float32, got torch.float64"),
        (norm, torch.ones(4, 8, 8), r"expected 4 axes, got shape \(4, 8, 8\)"),
        (norm, torch.ones(2, 3, 8, 8), r"expected 4 channels, got shape \(2, 3, 8, 8\)"),
        (nn.BatchNorm1d(4), torch.ones(2, 3), r"expected 4 channels, got shape \(2, 3\)"),
        (nn.Linear(3, 2), torch.ones(2, 5), r"expected a last axis of 3, got shape \(2, 5\)"),
        (nn.Linear(3, 2), torch.ones(2, 3).half(), "expected torch.float32, got torch.float16"),
    ]
    for layer, input, message in cases:
        with pytest.raises(
            (RuntimeError, ValueError), match=rf"^0: {type(layer).__name__}: input: {message} \("
        ):
            nn.Sequential(layer)(input)


@backends
@pytest.mark.parametrize("width", [4, 5])  # outputs of one shape could be stacked without notice
def test_that_the_input_was_a_tuple_is_said(backend, width):
    nn = backend.nn
    network = nn.Sequential(
        nn.AuxiliaryHeads({"a": nn.Linear(3, 4)}, {"a": nn.Linear(4, width)}), nn.Linear(4, 2)
    )
    with pytest.raises((TypeError, ValueError), match=r"^1: Linear: .* \(the input was a tuple of 2\)$"):
        network(backend.tensor(np.ones((2, 3), np.float32)))
    assert tuple(network.eval()(backend.tensor(np.ones((2, 3), np.float32))).shape) == (2, 2)


@pytest.mark.parametrize(
    ("behind", "place"),
    [
        (lambda nn: nn.Linear(4, 2), "1: Linear"),
        (lambda nn: nn.Sum(nn.Identity()), "1: Sum"),
        (lambda nn: nn.Sequential(nn.Sequential(), nn.ReLU()), "1.1: ReLU"),
        (lambda nn: nn.AuxiliaryHeads({"b": nn.Linear(4, 2)}, {}), "1.b: Linear"),
    ],
)
def test_shapes_too_know_that_heads_make_a_tuple(behind, place):
    nn = shapes.nn
    helped = nn.AuxiliaryHeads({"a": nn.Linear(3, 4)}, {})
    network = nn.Sequential(helped, behind(nn))
    with pytest.raises(
        TypeError, match=f"^{place}: input: expected one array, got the tuple that AuxiliaryHeads"
    ):
        shapes.layers(network, (2, 3))
    with pytest.raises(TypeError, match="^0: Concat: input: expected one array"):
        shapes.layers(nn.Sequential(nn.Concat(OrderedDict(a=helped))), (2, 3))
    assert shapes.layers(network.eval(), (2, 3))[0].output_shape == (2, 4)


def test_shapes_keep_errors_as_they_are():
    class Raises(Layer):
        def output_shape(self, shape):
            raise error

    for error in (undecodable(), Own(7), ValueError("a", 3)):
        args = error.args
        for _ in range(2):
            with pytest.raises(type(error)) as caught:
                shapes.layers(shapes.nn.Sequential(shapes.nn.Sequential(Raises())), (2, 3))
            assert caught.value is error and error.args == args and error.__notes__ == ["at 0.0: Raises"]
