"""What all transforms share: random parameters are drawn first, then a function without chance applies them."""

import math
import numbers

import numpy as np

from .windows import as_generator

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

    def draw(self, batch, generator):
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
    transforms : sequence of callables
        Each is called as ``transform(batch, generator)``. For :meth:`draw` and :meth:`apply` each must be a
        :class:`Transform`.

    Raises
    ------
    TypeError
        Something that cannot be called.

    Source: ``torchvision.transforms.v2.Compose``, which has no generator.
    """

    def __init__(self, transforms):
        self.transforms = list(transforms)
        for transform in self.transforms:
            if not callable(transform):
                raise TypeError(f"transforms: expected callables, got {type(transform).__name__}")

    @property
    def example_axes(self):
        """Those of the first transform."""
        return getattr(next(iter(self.transforms), None), "example_axes", Transform.example_axes)

    def draw(self, batch, generator):
        """Each transform's parameters. What one draws may depend on the shape that the last one made: so apply all."""
        parameters = []
        for transform in self.transforms:
            parameters.append(as_transform(transform, "transforms").draw(batch, generator))
            batch = transform.apply(batch, **parameters[-1])
        return {"parameters": parameters}

    def apply(self, batch, parameters):
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
    transform : Transform
        One that leaves the shape as it is.
    p : float, from 0 to 1

    Raises
    ------
    TypeError
        Not a transform, a `p` that is not a number.
    ValueError
        A `p` out of range; when called, a transform that changes the shape.

    Source: ``torchvision.transforms.v2.RandomApply``, which decides once for the whole batch.
    """

    def __init__(self, transform, p=0.5):
        self.transform = as_transform(transform, "transform")
        self.p = as_probability(p)

    @property
    def example_axes(self):
        """Those of the transform."""
        return self.transform.example_axes

    def draw(self, batch, generator):
        where = self._chosen(_examples(batch, self.example_axes), batch, generator)
        return {"where": where, "parameters": self.transform.draw(batch, generator)}

    def apply(self, batch, where, parameters):
        changed = self.transform.apply(batch, **parameters)
        if isinstance(batch, (list, tuple)):
            return [new if choice else old for choice, new, old in zip(where, changed, batch, strict=True)]
        if changed.shape != batch.shape:
            raise ValueError(
                f"transform: must leave the shape, made {tuple(changed.shape)} of {tuple(batch.shape)}"
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


def uniform(shape, generator, low=0.0, high=1.0):
    """Numbers from `low` to `high`, float64."""
    return low + (high - low) * as_generator(generator).random(shape)


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


def number_in_range(value, name, low=-math.inf, high=math.inf, whole=False):
    """`value`, a finite number, or an error naming `name`."""
    kind = numbers.Integral if whole else numbers.Real
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
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
