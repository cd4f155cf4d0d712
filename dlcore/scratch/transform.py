"""What all transforms share: random parameters are drawn first, then a function without chance applies them."""

import math
import numbers

import numpy as np

from .windows import as_generator, as_number

__all__ = ["Compose", "RandomApply", "Transform"]


class Transform:
    """A random change of a batch: :meth:`draw` decides what happens to each example, :meth:`apply` does it.

    Calling the transform does both: ``transform(batch, generator)``. Attributes are the options; repr shows them.

    Attributes
    ----------
    example_axes : int
        Axes of one example, which a batch has one more of: 3 for images.
    """

    example_axes = 3

    def draw(self, batch, generator=None):
        """The random parameters.

        Parameters
        ----------
        batch
            What is to be changed; it is not changed here.
        generator : numpy.random.Generator, or torch.Generator for tensors

        Returns
        -------
        dict
            What :meth:`apply` takes by name; by default nothing.
        """
        return {}

    def apply(self, batch, **parameters):
        """`batch` changed as the parameters say, as something new."""
        raise NotImplementedError(f"{type(self).__name__}: write apply()")

    def __call__(self, batch, generator=None):
        return self.apply(batch, **self.draw(batch, generator))

    def __repr__(self):
        options = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in options.items())})"


class Compose(Transform):
    """Several transforms, one after the other, which draw from the same generator.

    Parameters
    ----------
    transforms : list or tuple of callables
        Each is called as ``transform(batch, generator)``. For :meth:`draw` and :meth:`apply` each must be a
        :class:`Transform`.

    Raises
    ------
    TypeError
        No list or tuple, or something in it that cannot be called.

    Source: ``torchvision.transforms.v2.Compose``, which has no generator.
    """

    def __init__(self, transforms):
        if not isinstance(transforms, (list, tuple)):
            raise TypeError(f"transforms: expected a list or tuple, got {type(transforms).__name__}")
        self.transforms = list(transforms)
        for transform in self.transforms:
            if not callable(transform):
                raise TypeError(f"transforms: expected callables, got {type(transform).__name__}")

    @property
    def example_axes(self):
        """Those of the first transform."""
        return getattr(next(iter(self.transforms), None), "example_axes", Transform.example_axes)

    def draw(self, batch, generator=None):
        """Each transform's parameters. What one draws may depend on the shape that the last one made: so apply all."""
        parameters = []
        for transform in self.transforms:
            parameters.append(as_transform(transform, "transforms").draw(batch, generator))
            batch = transform.apply(batch, **parameters[-1])
        return {"parameters": parameters}

    def apply(self, batch, parameters):
        """`batch` changed by each transform in turn."""
        for transform, drawn in zip(self.transforms, parameters, strict=True):
            batch = transform.apply(batch, **drawn)
        return batch

    def __call__(self, batch, generator=None):
        for transform in self.transforms:
            batch = transform(batch, generator)
        return batch


class RandomApply(Transform):
    """Change each example with probability `p`, and leave it as it is otherwise.

    All examples are changed, and for each either the changed or the old one is taken: no branch depends on chance.

    Parameters
    ----------
    transforms : Transform, or list or tuple of them
        What is done, one after the other. The shape must stay as it is.
    p : float, from 0 to 1

    Raises
    ------
    TypeError
        Not transforms, a `p` that is not a number.
    ValueError
        A `p` out of range; when called, transforms that change the shape.

    Source: ``torchvision.transforms.v2.RandomApply``, which decides once for the whole batch.
    """

    def __init__(self, transforms, p=0.5):
        several = transforms if isinstance(transforms, (list, tuple)) else [transforms]
        self.transforms = [as_transform(transform, "transforms") for transform in several]
        self.p = as_probability(p)

    @property
    def example_axes(self):
        """Those of the first transform."""
        return Compose(self.transforms).example_axes

    def draw(self, batch, generator=None):
        """`where`: for each example whether it is changed; and the `parameters` of each transform."""
        where = self._chosen(_examples(batch, self.example_axes), batch, generator)
        return {"where": where, **Compose(self.transforms).draw(batch, generator)}

    def apply(self, batch, where, parameters):
        """`batch` with these examples changed."""
        changed = Compose(self.transforms).apply(batch, parameters)
        if isinstance(batch, (list, tuple)):
            return [new if choice else old for choice, new, old in zip(where, changed, batch, strict=True)]
        if changed.shape != batch.shape:
            raise ValueError(
                f"transforms: must leave the shape, made {tuple(changed.shape)} of {tuple(batch.shape)}"
            )
        return self._taken(where.reshape(where.shape + (1,) * (batch.ndim - where.ndim)), changed, batch)

    def _chosen(self, shape, batch, generator):
        return np.asarray(chosen(shape, self.p, generator))

    def _taken(self, where, changed, batch):
        return np.where(where, changed, batch)


def _examples(batch, axes):
    """The shape of the examples of a batch: (N,), or () for a single one. Lists hold examples."""
    return (len(batch),) if isinstance(batch, (list, tuple)) else tuple(batch.shape[: batch.ndim - axes])


def images(batch, name="input"):
    """`batch`, floating-point images (N, C, H, W) or one (C, H, W), with a batch axis, and whether it had one."""
    batch = np.asarray(batch)
    if not np.issubdtype(batch.dtype, np.floating):
        raise TypeError(f"{name}: expected floating-point images in [0, 1], got {batch.dtype}")
    if batch.ndim not in (3, 4):
        raise ValueError(f"{name}: expected images (N, C, H, W) or one (C, H, W), got shape {batch.shape}")
    return (batch, True) if batch.ndim == 4 else (batch[np.newaxis], False)


def unbatched(output, batched):
    """The inverse of :func:`images`: `output` as it is, or its only image."""
    return output if batched else output[0]


class ImageTransform(Transform):
    """What transforms of images share: `function` makes the change, from what is drawn and the options `_options`.

    The methods with an underscore are all that depends on the backend. What else is done with the numbers is written in
    operators that arrays and tensors have in common.
    """

    function = None
    _options = ()

    def apply(self, batch, **parameters):
        """`batch` changed by what was drawn."""
        return self.function(batch, **parameters, **{name: getattr(self, name) for name in self._options})

    def _images(self, batch):
        """`batch` with a batch axis."""
        return images(batch)[0]

    def _uniform(self, batch, generator, low=0.0, high=1.0, count=()):
        """Numbers from `low` to `high`, one (or so many) for each image."""
        return uniform((len(self._images(batch)), *count), generator, low, high)

    def _normal(self, batch, generator, count):
        """Normal numbers with mean 0 and variance 1, so many for each image."""
        return standard_normal((len(self._images(batch)), *count), np.dtype(float), generator)

    def _noise(self, batch, generator):
        """Normal numbers with mean 0 and variance 1, in the batch's shape and dtype."""
        values = images(batch)[0]
        return standard_normal(np.shape(batch), values.dtype, generator)

    def _floor(self, values):
        """The integers below."""
        return np.floor(values).astype(np.intp)

    def _place(self, batch, generator, rooms):
        """An int from 0 to below `rooms`, an int or one for each image."""
        return self._floor(self._uniform(batch, generator) * rooms)


def uniform(shape, generator, low=0.0, high=1.0):
    """Numbers from `low` to `high`, float64."""
    return low + (high - low) * as_generator(generator).random(shape)


def standard_normal(shape, dtype, generator):
    """Normal numbers with mean 0 and variance 1. NumPy draws them in float32 or float64."""
    precise = np.float64 if dtype.itemsize >= 8 else np.float32
    return as_generator(generator).standard_normal(shape, precise).astype(dtype, copy=False)


def chosen(shape, p, generator):
    """For each example whether it is changed, with probability `p`; draws the same amount whatever `p`."""
    return uniform(shape, generator) < p


def as_transform(transform, name):
    """`transform`, one whose parameters can be drawn ahead, or an error naming `name`."""
    if not isinstance(transform, Transform):
        raise TypeError(f"{name}: expected a Transform, got {type(transform).__name__}")
    return transform


def as_probability(p, name="p"):
    """`p`, a number from 0 to 1, or an error naming `name`."""
    return number_in_range(p, name, 0, 1)


def values_in_range(value, count, name, low=-math.inf, high=math.inf, whole=False):
    """`value`, a number or `count` of them, as an array, or an error naming `name`."""
    if isinstance(value, numbers.Real):
        return np.asarray(number_in_range(value, name, low, high, whole))
    values = np.asarray(value)
    if values.dtype.kind not in ("iu" if whole else "iuf"):
        raise TypeError(f"{name}: expected {'ints' if whole else 'numbers'}, got {value!r}")
    require_count(values.shape, count, name)
    if not (np.isfinite(values) & (values >= low) & (values <= high)).all():
        raise ValueError(f"{name}: expected finite numbers from {low} to {high}, got {value!r}")
    return values


def whole_numbers(count, low=-math.inf, **options):
    """Each option, an int or `count` of them, as an array."""
    return [values_in_range(value, count, name, low, whole=True) for name, value in options.items()]


def number_in_range(value, name, low=-math.inf, high=math.inf, whole=False):
    """`value`, a finite number, as a Python number, or an error naming `name`."""
    value = as_number(value, name)
    if isinstance(value, bool) or (whole and not isinstance(value, numbers.Integral)):
        raise TypeError(f"{name}: expected {'an int' if whole else 'a number'}, got {value!r}")
    if not (low <= value <= high and -math.inf < value < math.inf):
        raise ValueError(f"{name}: expected a finite number from {low} to {high}, got {value!r}")
    return value


def require_count(shape, count, name):
    """An error unless `shape` is that of one number or of `count` of them."""
    if tuple(shape) not in ((), (count,)):
        raise ValueError(
            f"{name}: expected a number or one for each of {count} images, got shape {tuple(shape)}"
        )


def real_array(value, name):
    """`value` as an array of real numbers, or an error naming `name`."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name}: expected real numbers, got {value!r}")
    return array


def as_pair(value, name):
    """`value`, something of length 2, or an error naming `name`."""
    try:
        first, second = value
    except (TypeError, ValueError):
        raise (TypeError if np.ndim(value) == 0 else ValueError)(
            f"{name}: expected a pair, got {value!r}"
        ) from None
    return first, second


def interval(value, name, low=-math.inf, high=math.inf):
    """`value`, a pair (min, max) within these limits, or an error naming `name`."""
    bounds = tuple(float(number_in_range(bound, name, low, high)) for bound in as_pair(value, name))
    if bounds[0] > bounds[1]:
        raise ValueError(f"{name}: expected the smaller number first, got {value!r}")
    return bounds


def as_size(size, name, single=True):
    """`size`, an int or two of them, as height and width, at least 1; or an error naming `name`."""
    values = tuple(size) if isinstance(size, (tuple, list)) else (size,)
    if len(values) == 1 and single:
        values *= 2
    if len(values) != 2:
        raise ValueError(f"{name}: expected height and width, got {size!r}")
    return tuple(int(number_in_range(value, name, 1, whole=True)) for value in values)


def fills(fill, channels, name="fill"):
    """`fill`, a number or one for each channel, as a list of one or so many, or an error naming `name`."""
    values = check_fill(fill, name)
    if len(values) not in (1, channels):
        raise ValueError(f"{name}: expected a number or one for each of {channels} channels, got {fill!r}")
    return values


def check_fill(fill, name="fill"):
    """`fill`, a number or several, as a list, or an error naming `name`."""
    several = isinstance(fill, (tuple, list)) or getattr(fill, "ndim", 0) > 0
    return [float(number_in_range(value, name)) for value in (fill if several else [fill])]


def filling(fill, input, name="fill"):
    """`fill`, a number or one for each channel of the images `input`, as an array that meets them, (1 or C, 1, 1)."""
    return np.array(fills(fill, input.shape[1], name), float).reshape(-1, 1, 1)
