"""Augmentation: random changes of the examples that leave their meaning as it is.

Images: :mod:`geometric_transforms` moves pixels, :mod:`color_transforms` changes their values; then text and sound.
"""

from . import audio_transforms, color_transforms, geometric_transforms, text_transforms
from . import transform as _transform
from .audio_transforms import *
from .color_transforms import *
from .geometric_transforms import *
from .text_transforms import *
from .transform import *

__all__ = []
__all__ += _transform.__all__
__all__ += audio_transforms.__all__
__all__ += color_transforms.__all__
__all__ += geometric_transforms.__all__
__all__ += text_transforms.__all__
