"""Interactive figures, by chapter: ``widgets.convolution.sliding_kernel()``.

Every figure is a `Widget`: controls that a reader sets, a pure function that computes the scene to be drawn, and two
views of a scene, a picture and a sentence. Importing this package asks for NumPy alone. matplotlib is imported when a
picture is drawn, ipywidgets when a notebook shows the controls.
"""

from dlcore.widgets import convolution

__all__ = ["convolution"]
