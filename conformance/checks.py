"""Run an operator of ``dlcore.scratch`` and PyTorch's side by side and compare all that can be seen of them.

A check raises AssertionError, or returns how large the errors were. Two measures of error are used, because no single
one is honest for every operator.

- An operator that adds products (convolution, averaging, folding) may cancel: the exact sum can be as small as one
  likes beside its terms, and no order of summation is better than another. Its rounding error is proportional to the
  sum of the terms' absolute values, which the operator itself computes when it is fed absolute values. The error of
  *each element*, forward and backward, is divided by that.
- Any other operator is measured against the largest value of the reference (for a gradient, of the gradient that
  came in too, where that is larger), one number for the whole array.
"""

import warnings

import numpy as np
import torch

from cases.vocabulary import Sample
from dlcore import pytorch, scratch, shapes

from .calls import Call, find, is_pytorchs_own

__all__ = [
    "TOLERANCE", "agrees", "compiles", "finite_differences_agree", "follows_its_definition", "full_single_precision",
    "gives_what_is_known",
    "layer_agrees", "refuses", "runs_under_autocast",
]  # fmt: skip

TOLERANCE = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-4}


def full_single_precision():
    """Have a GPU multiply float32 numbers with all their bits; PyTorch allows it to drop 13 of them in convolutions."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def agrees(operator, sample, dtype, seed, device="cpu"):
    """Both backends give the same outputs and gradients, and ours keeps the rules of the house.

    Returns
    -------
    dict of str to float
        The relative error of "forward" and of each gradient, by the name of the argument. What comes out in another
        dtype, such as float32 of whole numbers, is compared but not counted here.
    """
    ours, theirs = find(scratch, operator.name), find(pytorch, operator.name)
    call = Call(ours, sample, dtype, seed)
    about = f"{operator.name}: {sample}, {np.dtype(dtype)}, seed {seed}"
    outputs, tensors = call.tensors(ours)
    _rules_of_the_house(call, ours, outputs, tensors, about)
    if sample.random:
        return {}
    expected, references = call.torch(theirs, device)
    _require(len(outputs) == len(expected), f"{about}: {len(outputs)} outputs, not {len(expected)}")
    cotangents = [_cotangent(item, seed) for item in expected]
    scales = (
        _sums(call, theirs, cotangents) if operator.sums else ([None] * len(outputs), [None] * len(tensors))
    )
    errors = {"forward": 0.0}
    for slot, (output, reference) in enumerate(zip(outputs, expected)):
        error = compare(output.data, _array(reference), scales[0][slot], f"{about}: output {slot}")
        if output.dtype in (np.dtype(dtype), np.dtype(np.int64), np.dtype(bool)):
            errors["forward"] = max(errors["forward"], error)
    for leaf, tensor, reference in zip(call.leaves, tensors, references):
        if leaf in call.updated:
            compare(tensor.data, _array(reference), None, f"{about}: {leaf.label} after the call")
    recorded = [out.requires_grad for out in expected]
    if any(recorded):
        given = [item.copy() for item in cotangents]
        _backward(outputs, given)
        _require(
            all(map(_same_bits, given, cotangents)), f"{about}: backward wrote into the gradient it was given"
        )
        torch.autograd.backward(
            [out for out in expected if out.requires_grad],
            [torch.from_numpy(grad).to(device) for grad, kept in zip(cotangents, recorded) if kept],
        )
        incoming = max(
            (np.abs(item).max(initial=0) for item in cotangents if item.dtype.kind == "f"), default=0
        )
        for place, leaf in enumerate(call.leaves):
            if leaf.requires_grad:
                truth = references[place].grad
                truth = np.zeros_like(leaf.array) if truth is None else _array(truth)
                label = f"{about}: gradient of {leaf.label}"
                actual = np.zeros_like(leaf.array) if tensors[place].grad is None else tensors[place].grad
                _require(isinstance(actual, np.ndarray), f"{label} is {type(actual)}")
                _require(actual.flags.writeable, f"{label} cannot be written to")
                error = compare(actual, truth, scales[1][place], label, incoming)
                name = leaf.label.split("[")[0]
                errors[name] = max(errors.get(name, 0.0), error)
        _each_gradient_alone_is_the_same(call, ours, tensors, cotangents, seed, about)
    return errors


def _rules_of_the_house(call, ours, outputs, tensors, about):
    """Tensors in, tensors out; arrays in, the same numbers as arrays out; no input is changed."""
    for slot, output in enumerate(outputs):
        _require(isinstance(output, scratch.Tensor), f"{about}: output {slot} is {type(output)}")
    for leaf, tensor in zip(call.leaves, tensors):
        if leaf not in call.updated:
            _require(_same_bits(tensor.data, leaf.array), f"{about}: {leaf.label} was changed")
    plain, _ = call.arrays(ours)
    for output, tensor in zip(plain, outputs, strict=True):
        _require(not isinstance(output, scratch.Tensor), f"{about}: arrays in, but a tensor out")
        compare(np.asarray(output), tensor.data, None, f"{about}: with arrays in place of tensors")


def _each_gradient_alone_is_the_same(call, ours, tensors, cotangents, seed, about):
    """One input, drawn at random, asks for its gradient: it gets the same, and nobody else gets any."""
    asking = [leaf for leaf in call.leaves if leaf.requires_grad]
    chosen = asking[seed % len(asking)]
    outputs, alone = call.tensors(ours, asking=[chosen])
    if not any(output.requires_grad for output in outputs):
        return
    _backward(outputs, cotangents)
    for leaf, tensor, among in zip(call.leaves, alone, tensors):
        if leaf is chosen and among.grad is not None:
            compare(tensor.grad, among.grad, None, f"{about}: gradient of {leaf.label} asked for alone")
        elif leaf is not chosen:
            _require(tensor.grad is None, f"{about}: {leaf.label} got a gradient without asking for one")


def finite_differences_agree(operator, sample, seed, backend=scratch):
    """The gradient gives the slope in a random direction, in float64.

    A kink within the step spoils the slope, so it is tried with three steps and directions; a wrong gradient fails all.

    Returns
    -------
    float
        The deviation of the best try, relative to the sum of the absolute values that the slope adds up.
    """
    function = find(backend, operator.name)
    call = Call(find(scratch, operator.name), sample, np.float64, seed)
    generator = np.random.default_rng(seed + 1)
    run = call.tensors if backend is scratch else call.torch
    outputs, tensors = run(function)
    floating = [output for output in outputs if output.requires_grad]
    if not floating:
        return 0.0
    cotangents = [generator.standard_normal(tuple(output.shape)) for output in floating]
    if backend is scratch:
        _backward(floating, cotangents)
    else:
        torch.autograd.backward(floating, [torch.from_numpy(grad) for grad in cotangents])
    gradients = [None if tensor.grad is None else _array(tensor.grad) for tensor in tensors]
    places = [place for place, output in enumerate(outputs) if output.requires_grad]
    slopes = []
    for step in (1e-5, 1e-6, 1e-7):
        direction = [
            generator.standard_normal(leaf.array.shape) if leaf.requires_grad else None
            for leaf in call.leaves
        ]
        ahead, behind = (_moved(call, direction, sign * step, run, function) for sign in (1, -1))
        slope = sum(
            (grad * (_array(ahead[place]) - _array(behind[place]))).sum() / (2 * step)
            for place, grad in zip(places, cotangents)
        )
        terms = [
            grad * way for grad, way in zip(gradients, direction) if way is not None and grad is not None
        ]
        expected = sum(term.sum() for term in terms)
        size = sum(np.abs(term).sum() for term in terms)
        values = sum(np.abs(grad * _array(outputs[place])).sum() for place, grad in zip(places, cotangents))
        deviation = abs(slope - expected) / max(size + 1e-3 * values, 1e-300)
        slopes.append((deviation, slope, expected))
    best = min(slopes)
    _require(
        best[0] < 1e-5,
        f"{operator.name}: {sample}, seed {seed}: (deviation, slope, by the gradient): {slopes}",
    )
    return best[0]


def _moved(call, direction, step, run, function):
    """The outputs with every input that asks for a gradient moved along `direction`."""
    before = [leaf.array for leaf in call.leaves]
    try:
        for leaf, way in zip(call.leaves, direction):
            if way is not None:
                leaf.array = leaf.array + step * way
        return [output.detach() for output in run(function)[0]]
    finally:
        for leaf, array in zip(call.leaves, before):
            leaf.array = array


def refuses(operator, refusal):
    """Both backends refuse the call with the same class of error, and ours names the argument."""
    errors = []
    call = Call(find(scratch, operator.name), refusal.sample, np.float64, 0)
    for backend, run in ((scratch, call.tensors), (pytorch, call.torch), (scratch, call.arrays)):
        try:
            run(find(backend, operator.name))
            errors.append(None)
        except Exception as error:  # noqa: BLE001 - its class is the question
            errors.append(error)
    ours, theirs, plain = errors
    about = f"{operator.name}: {refusal.sample}"
    _require(ours is not None and plain is not None, f"{about}: accepted, but PyTorch says {theirs!r}")
    if refusal.error is None:
        _require(theirs is not None, f"{about}: PyTorch accepts this; state the class of error")
    expected = type(theirs) if refusal.error is None else refusal.error
    _require(_related(type(ours), expected), f"{about}: {ours!r} is not of the class of {theirs!r}")
    _require(type(plain) is type(ours), f"{about}: tensors give {ours!r}, arrays {plain!r}")
    _require(refusal.naming in str(ours), f"{about}: the message does not name {refusal.naming!r}: {ours}")
    if theirs is not None and not is_pytorchs_own(operator.name):
        _require(
            refusal.naming in str(theirs),
            f"{about}: PyTorch's side does not name {refusal.naming!r}: {theirs}",
        )


def _related(ours, theirs):
    """Whether who catches one of the two classes may catch the other: one is a subclass of the other."""
    return issubclass(ours, theirs) or (issubclass(theirs, ours) and ours is not Exception)


def gives_what_is_known(operator, known, dtype):
    """Both backends give the result that a paper, a definition or a calculation by hand gives."""
    call = Call(find(scratch, operator.name), known.sample, dtype, 0)
    expected = known.output if isinstance(known.output, tuple) else (known.output,)
    for outputs, _ in (call.tensors(find(scratch, operator.name)), call.torch(find(pytorch, operator.name))):
        _require(
            len(outputs) == len(expected), f"{operator.name}: {len(outputs)} outputs, not {len(expected)}"
        )
        for output, truth in zip(outputs, expected):
            array, truth = _array(output), np.asarray(truth)
            truth = truth.astype(array.dtype) if truth.dtype.kind == "f" else truth
            compare(
                array, truth.astype(array.dtype), None, f"{operator.name}: {known.source}: {known.sample}"
            )


def follows_its_definition(operator, sample, dtype, seed):
    """Both backends give what the literal definition gives; the relative error of ours."""
    call = Call(find(scratch, operator.name), sample, dtype, seed)
    with (
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):  # a definition meets NaN and empty axes with open eyes
        warnings.simplefilter("ignore")
        expected, _ = call.arrays(operator.by_definition)
    errors = []
    for outputs, _ in (call.tensors(find(scratch, operator.name)), call.torch(find(pytorch, operator.name))):
        _require(
            len(outputs) == len(expected), f"{operator.name}: {len(outputs)} outputs, not {len(expected)}"
        )
        for output, truth in zip(outputs, expected):
            array = _array(output)
            truth = np.asarray(truth).astype(array.dtype)
            errors.append(
                compare(array, truth, None, f"{operator.name}, by definition: {sample}, seed {seed}")
            )
    return max(errors, default=0.0)


def compiles(operator, sample, seed, backend="aot_eager"):
    """An operator of our own on PyTorch's side becomes one graph, forward and backward, and gives the same."""
    function = find(pytorch, operator.name)
    call = Call(find(scratch, operator.name), sample, np.float64, seed)
    torch._dynamo.reset()
    compiled = torch.compile(function, fullgraph=True, backend=backend)
    results = []
    for variant in (function, compiled):
        outputs, tensors = call.torch(variant)
        floating = [output for output in outputs if output.requires_grad]
        if floating:
            torch.autograd.backward(floating, [torch.from_numpy(_cotangent(item, seed)) for item in floating])
        results.append([*outputs, *(tensor.grad for tensor in tensors if tensor.grad is not None)])
    for actual, expected in zip(*results, strict=True):
        compare(_array(actual), _array(expected), None, f"{operator.name}, compiled: {sample}")


def runs_under_autocast(operator, sample, seed, device="cpu"):
    """An operator of our own on PyTorch's side runs in mixed precision, and float32 inputs get float32 gradients."""
    call = Call(find(scratch, operator.name), sample, np.float32, seed)
    with torch.autocast(device, torch.bfloat16):
        outputs, tensors = call.torch(find(pytorch, operator.name), device)
        floating = [output for output in outputs if output.requires_grad]
    expected, _ = call.torch(find(pytorch, operator.name), device)
    if floating:
        torch.autograd.backward(floating, [torch.ones_like(output) for output in floating])
    for output, reference in zip(outputs, expected, strict=True):
        _require(
            output.shape == reference.shape, f"{operator.name} under autocast: shape {tuple(output.shape)}"
        )
        _require(output.device.type == device, f"{operator.name}: went to {output.device}")
    for leaf, tensor in zip(call.leaves, tensors):
        if tensor.grad is not None:
            _require(
                tensor.grad.dtype == torch.float32,
                f"{operator.name}: gradient of {leaf.label} is {tensor.grad.dtype}",
            )


def layer_agrees(layer, dtype, seed):
    """A layer has the same state, outputs, gradients and buffers in both backends, and the shape that is foretold."""
    theirs, ours, foretold = (layer.make(nn) for nn in (pytorch.nn, scratch.nn, shapes.nn))
    theirs, ours = theirs.to(torch.float64 if dtype == np.float64 else torch.float32), ours.to(dtype)
    _same_state(layer, ours, theirs, seed)
    if type(theirs).__module__.startswith("torch."):
        _same_attributes(layer, ours, theirs)
        _require(repr(ours) == repr(theirs).replace(", inplace=False", "").replace("inplace=False", ""),
                 f"{layer.name}: shows itself as {ours!r}, not {theirs!r}")  # fmt: skip
    _require(
        repr(ours) == repr(foretold), f"{layer.name}: shows itself as {ours!r}, in shapes as {foretold!r}"
    )
    inputs = layer.inputs if isinstance(layer.inputs, (tuple, Sample)) else (layer.inputs,)
    call = Call(None, inputs if isinstance(inputs, Sample) else Sample(inputs), dtype, seed)
    errors = {}
    for training in (True, False):
        ours.train(training), theirs.train(training)
        ours.zero_grad(), theirs.zero_grad()
        outputs, tensors = call.tensors(ours)
        if training and layer.random:
            continue
        about = f"{layer.name} in {'training' if training else 'evaluation'} on {inputs}"
        expected, references = call.torch(theirs)
        _require(len(outputs) == len(expected), f"{about}: {len(outputs)} outputs, not {len(expected)}")
        pairs = [("output", a.data, _array(b)) for a, b in zip(outputs, expected)]
        cotangents = [_cotangent(item, seed) for item in expected]
        if any(item.requires_grad for item in expected):
            _backward(outputs, cotangents)
            torch.autograd.backward(
                *zip(*[(o, torch.from_numpy(g)) for o, g in zip(expected, cotangents) if o.requires_grad])
            )
        parameters = dict(ours.named_parameters())
        candidates = [(f"argument {i}", a, b) for i, (a, b) in enumerate(zip(tensors, references))]
        candidates += [(name, parameters[name], item) for name, item in theirs.named_parameters()]
        for label, mine, reference in candidates:
            if reference.grad is not None:
                _require(mine.grad is not None, f"{about}: no gradient of {label}")
                pairs.append((f"gradient of {label}", mine.grad, _array(reference.grad)))
        state = theirs.state_dict()
        pairs += [
            (f"{name} afterwards", ours.state_dict()[name], _array(item)) for name, item in state.items()
        ]
        incoming = max(
            (np.abs(item).max(initial=0) for item in cotangents if item.dtype.kind == "f"), default=0
        )
        for label, actual, truth in pairs:
            errors[label] = compare(actual, truth, None, f"{about}: {label}", incoming)
        _as_foretold(layer, foretold, call, expected, theirs, about)
    return errors


def _same_attributes(layer, ours, theirs):
    """What ours keeps under a public name, PyTorch's layer keeps too, with the same value."""
    for name in vars(ours).keys() - {"axes", "generator"}:
        if not name.startswith("_"):
            _require(hasattr(theirs, name), f"{layer.name}: PyTorch's layer has no attribute {name!r}")
            mine, reference = getattr(ours, name), getattr(theirs, name)
            _require(mine == reference, f"{layer.name}: attribute {name!r} is {mine!r}, not {reference!r}")


def _same_state(layer, ours, theirs, seed):
    """Names, order and shapes of the state agree; random values move from PyTorch's side to ours."""
    pytorch.nn.reset_parameters(theirs, torch.Generator().manual_seed(seed))
    scratch.nn.reset_parameters(ours, np.random.default_rng(seed))
    own = {name: (array.shape, array.dtype) for name, array in ours.state_dict().items()}
    state = {name: _array(item) for name, item in theirs.state_dict().items()}
    wanted = {name: (array.shape, array.dtype) for name, array in state.items()}
    _require(list(own.items()) == list(wanted.items()), f"{layer.name}: state {own}, not {wanted}")
    names = [name for name, _ in theirs.named_parameters()]
    _require([name for name, _ in ours.named_parameters()] == names, f"{layer.name}: parameters, not {names}")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():  # away from initial values such as ones and zeros, which hide mistakes
        for parameter in theirs.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
    ours.load_state_dict({name: _array(item) for name, item in theirs.state_dict().items()})


def _as_foretold(layer, foretold, call, expected, theirs, about):
    """``dlcore.shapes`` knows the shape of the first output and the number of parameters."""
    shape = call.leaves[0].array.shape
    rows = shapes.layers(foretold, shape)
    _require(
        rows[-1].output_shape == tuple(expected[0].shape),
        f"{about}: foretold shape {rows[-1].output_shape}, not {tuple(expected[0].shape)}",
    )
    counted, there = sum(row.parameters for row in rows), sum(item.numel() for item in theirs.parameters())
    _require(counted == there, f"{about}: foretold {counted} parameters, not {there}")


def compare(actual, expected, size, label, incoming=0):
    """Shape and dtype equal; infinities and NaN at the same places; the rest as close as the dtype allows.

    Returns
    -------
    float
        The largest error of a finite element, relative to its `size`, or to the largest of `expected` and `incoming`.
    """
    _require(actual.shape == expected.shape, f"{label}: shape {actual.shape}, not {expected.shape}")
    _require(actual.dtype == expected.dtype, f"{label}: dtype {actual.dtype}, not {expected.dtype}")
    if actual.dtype.kind != "f":
        _require(np.array_equal(actual, expected), f"{label}: {actual} is not {expected}")
        return 0.0
    finite = np.isfinite(expected)
    same = (
        np.array_equal(actual[~finite], expected[~finite], equal_nan=True)
        and np.isfinite(actual[finite]).all()
    )
    _require(same, f"{label}: {actual} is not {expected}")
    if size is None:
        size = np.full(expected.shape, max(np.abs(expected[finite]).max(initial=0), incoming))
    difference, size = np.abs(actual[finite].astype(np.float64) - expected[finite]), size[finite]
    if not difference.any():
        return 0.0
    relative = np.divide(difference, size, out=np.where(difference > 0, np.inf, 0.0), where=size > 0)
    worst = np.argmax(relative)
    _require(
        relative[worst] <= TOLERANCE[expected.dtype],
        f"{label}: off by {difference[worst]:.3g} in a value of size {size[worst]:.3g}: "
        f"{actual[finite][worst]!r} is not {expected[finite][worst]!r}",
    )
    return float(relative[worst])


def _sums(call, operator, cotangents):
    """The sums of absolute values behind each output and each gradient."""

    def positive(array):
        return np.asarray(np.abs(array), np.float64) if array.dtype.kind == "f" else array

    outputs, tensors = call.torch(operator, convert=positive)
    pairs = [
        (out, torch.from_numpy(positive(grad))) for out, grad in zip(outputs, cotangents) if out.requires_grad
    ]
    if pairs:
        torch.autograd.backward(*zip(*pairs))
    return [np.abs(_array(item)) for item in outputs], [
        None if item.grad is None else np.abs(_array(item.grad)) for item in tensors
    ]


def _cotangent(output, seed):
    """A random gradient for an output; zeros where it can have none."""
    array = _array(output)
    if array.dtype.kind != "f":
        return np.zeros(array.shape, array.dtype)
    return np.asarray(np.random.default_rng(seed + 2).standard_normal(array.shape)).astype(array.dtype)


def _backward(outputs, cotangents):
    """Send a gradient back from every output at once, as ``torch.autograd.backward`` does."""
    pairs = [(output, gradient) for output, gradient in zip(outputs, cotangents) if output.requires_grad]

    @scratch.differentiable
    def joined(outputs):
        return np.zeros(()), lambda _: ([gradient for _, gradient in pairs],)

    joined([output for output, _ in pairs]).backward()


def _array(item):
    """What a tensor of either backend holds."""
    if isinstance(item, torch.Tensor):
        return item.detach().cpu().numpy()
    return np.asarray(item.data if isinstance(item, scratch.Tensor) else item)


def _same_bits(one, other):
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def _require(holds, message):
    if not holds:
        raise AssertionError(message)
