"""Cases of ``dlcore.scratch.regularization``."""

OPERATORS = []
LAYERS = []
TIMED = []
