"""The package behind the book: every operator from scratch in NumPy and through PyTorch.

Nothing is imported here, so that each part needs only what it uses: ``from dlcore import scratch`` asks for
NumPy alone, ``from dlcore import pytorch`` for PyTorch as well.
"""

__version__ = "0.1.0"
