"""Cases of ``dlcore.scratch.normalization``."""

OPERATORS = []
LAYERS = []
TIMED = []
