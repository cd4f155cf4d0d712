"""Augmentation: random changes of the examples that leave their meaning as it is.

Images: functions move pixels (:mod:`~dlcore.pytorch.warps`, :mod:`~dlcore.pytorch.crops`), overwrite them
(:mod:`~dlcore.pytorch.erasing`) and change their values (:mod:`~dlcore.pytorch.colors`); transforms draw at random what
these do (:mod:`~dlcore.pytorch.geometric_transforms`, :mod:`~dlcore.pytorch.color_transforms`). Then text and sound.
"""

from . import (
    audio_transforms,
    color_transforms,
    colors,
    crops,
    erasing,
    geometric_transforms,
    text_transforms,
    warps,
)
from . import transform as _transform
from .audio_transforms import *
from .color_transforms import *
from .colors import *
from .crops import *
from .erasing import *
from .geometric_transforms import *
from .text_transforms import *
from .transform import *
from .warps import *

__all__ = []
__all__ += _transform.__all__
__all__ += audio_transforms.__all__
__all__ += color_transforms.__all__
__all__ += colors.__all__
__all__ += crops.__all__
__all__ += erasing.__all__
__all__ += geometric_transforms.__all__
__all__ += text_transforms.__all__
__all__ += warps.__all__
