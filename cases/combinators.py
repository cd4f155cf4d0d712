"""Cases of ``dlcore.scratch.nn.combinators``: layers only, as what they compute are operators of other topics."""

from collections import OrderedDict

from .vocabulary import Array, Layer

_IMAGES = Array((2, 4, 5, 6))


def _residual(nn):
    return nn.Sum(
        nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)), nn.Identity()
    )


def _inception(nn):
    return nn.Concat(
        nn.Conv2d(4, 2, 1),
        nn.Sequential(nn.Conv2d(4, 3, 1), nn.ReLU(), nn.Conv2d(3, 2, 3, padding=1)),
        nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(4, 1, 1)),
    )


def _dense(nn):
    return nn.Sequential(
        nn.Concat(nn.Identity(), nn.Conv2d(4, 2, 3, padding=1)),
        nn.Concat(nn.Identity(), nn.Conv2d(6, 2, 3, padding=1)),
    )


def _gate(nn):
    """Squeeze and excitation."""
    return nn.Sequential(
        nn.AvgPool2d((5, 6)), nn.Flatten(), nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 4), nn.Sigmoid(),
        nn.Unflatten(1, (4, 1, 1)),
    )  # fmt: skip


def _shared(nn):
    layer = nn.Linear(6, 6)
    return nn.Sequential(nn.Sum(layer, nn.Sequential(nn.Tanh(), layer)), nn.Scale(layer))


def _with_heads(nn):
    trunk = OrderedDict(first=nn.Conv2d(4, 2, 3), relu=nn.ReLU(), last=nn.Conv2d(2, 3, (3, 4)))
    return nn.AuxiliaryHeads(
        trunk, {"relu": nn.Flatten(), "first": nn.Sequential(nn.Flatten(), nn.Linear(24, 5))}
    )


OPERATORS = []

LAYERS = [
    Layer(
        "Sequential",
        lambda nn: nn.Sequential(OrderedDict(first=nn.Linear(6, 4), second=nn.ReLU(), third=nn.Linear(4, 2))),
        Array((3, 6)),
    ),
    Layer(
        "Sequential", lambda nn: nn.Sequential(nn.ReLU(), nn.Linear(6, 4), nn.Linear(4, 2))[1:], Array((3, 6))
    ),
    Layer(
        "Concat", lambda nn: nn.Concat(OrderedDict(left=nn.Linear(6, 4), right=nn.Identity())), Array((3, 6))
    ),
    Layer("Sum", _residual, _IMAGES),
    Layer("Sum", lambda nn: nn.Sum(nn.ReLU()), _IMAGES),
    Layer(
        "Sum", lambda nn: nn.Sum(nn.Linear(6, 3), nn.Linear(6, 3, bias=False), nn.Linear(6, 3)), Array((3, 6))
    ),
    Layer("Concat", _inception, _IMAGES),
    Layer("Concat", _dense, _IMAGES),
    Layer("Concat", lambda nn: nn.Concat(nn.Linear(6, 3), nn.Identity(), dim=-1), Array((3, 6))),
    Layer("Concat", lambda nn: nn.Concat(nn.MaxPool2d(2), nn.AvgPool2d(2), dim=2), _IMAGES),
    Layer("Split", lambda nn: nn.Split(nn.Identity(), nn.Conv2d(2, 3, 3, padding=1)), _IMAGES),
    Layer("Split", lambda nn: nn.Split(nn.MaxPool2d(2), nn.AvgPool2d(2), dim=-1), _IMAGES),
    Layer(
        "Split",
        lambda nn: nn.Split(OrderedDict(a=nn.Linear(2, 3), b=nn.ReLU(), c=nn.Linear(2, 1))),
        Array((3, 6)),
    ),
    Layer("Split", lambda nn: nn.Split(nn.Tanh(), dim=0), _IMAGES),
    Layer("AuxiliaryHeads", _with_heads, _IMAGES),
    Layer("Scale", lambda nn: nn.Scale(_gate(nn)), _IMAGES),
    Layer("Scale", lambda nn: nn.Scale(nn.Sequential(nn.Conv2d(4, 1, 3, padding=1), nn.Sigmoid())), _IMAGES),
    Layer("Multiply", lambda nn: nn.Multiply(0.17), _IMAGES),
    Layer("Multiply", lambda nn: nn.Multiply(-2), Array((3, 6))),
    Layer(
        "Multiply",
        lambda nn: nn.Sum(nn.Sequential(nn.Conv2d(4, 4, 1), nn.Multiply(0.1)), nn.Identity()),
        _IMAGES,
    ),
    Layer("Sequential", _shared, Array((3, 6))),
    Layer(
        "Sequential", lambda nn: nn.Sequential(_residual(nn), nn.Scale(_gate(nn)), _inception(nn)), _IMAGES
    ),
    Layer("Identity", lambda nn: nn.Identity(), _IMAGES),
    Layer("Identity", lambda nn: nn.Identity(3, anything="at all"), _IMAGES),
    Layer("Flatten", lambda nn: nn.Flatten(), _IMAGES),
    Layer("Flatten", lambda nn: nn.Flatten(2, 3), _IMAGES),
    Layer("Flatten", lambda nn: nn.Flatten(0, -2), _IMAGES),
    Layer("Unflatten", lambda nn: nn.Unflatten(1, (2, 2)), _IMAGES),
    Layer("Unflatten", lambda nn: nn.Unflatten(-1, [3, -1]), _IMAGES),
    Layer("Unflatten", lambda nn: nn.Unflatten(1, (1, 6)), Array((3, 6))),
]

TIMED = []
