"""Cases of ``dlcore.scratch.convolution``."""

OPERATORS = []
LAYERS = []
TIMED = []
