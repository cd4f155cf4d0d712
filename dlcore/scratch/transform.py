"""What all transforms share: random parameters are drawn first, then a function without chance applies them."""

import numpy as np

from .windows import as_generator

__all__ = ["Compose", "Transform"]


class Transform:
    """A random change of a batch: :meth:`draw` decides what happens to each example, :meth:`apply` does it.

    Calling the transform does both: ``transform(batch, generator)``.
    """

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
        options = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({options})"


class Compose(Transform):
    """Several transforms, one after the other, which draw from the same generator.

    Parameters
    ----------
    transforms : sequence of callables
        Each is called as ``transform(batch, generator)``.

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

    def __call__(self, batch, generator=None):
        for transform in self.transforms:
            batch = transform(batch, generator)
        return batch


def images(batch, name="input"):
    """`batch`, floating-point images (N, C, H, W) or one (C, H, W), with a batch axis, and whether it had one."""
    batch = np.asarray(batch)
    if not np.issubdtype(batch.dtype, np.floating):
        raise TypeError(f"{name}: expected floating-point images in [0, 1], got {batch.dtype}")
    if batch.ndim not in (3, 4):
        raise ValueError(f"{name}: expected images (N, C, H, W) or one (C, H, W), got shape {batch.shape}")
    return (batch, True) if batch.ndim == 4 else (batch[np.newaxis], False)


def chosen(shape, p, generator):
    """For each example whether it is changed, with probability `p`; draws the same amount whatever `p`."""
    return as_generator(generator).random(shape) < p
