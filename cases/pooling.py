"""Cases of ``dlcore.scratch.pooling``."""

OPERATORS = []
LAYERS = []
TIMED = []
