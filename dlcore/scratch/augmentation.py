"""Augmentation: random changes of the examples that leave their meaning as it is."""

from .transform import Compose, Transform

__all__ = ["Compose", "Transform"]
