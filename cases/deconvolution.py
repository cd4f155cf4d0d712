"""Cases of ``dlcore.scratch.deconvolution``."""

OPERATORS = []
LAYERS = []
TIMED = []
