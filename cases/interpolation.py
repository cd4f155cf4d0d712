"""Cases of ``dlcore.scratch.interpolation``."""

OPERATORS = []
LAYERS = []
TIMED = []
