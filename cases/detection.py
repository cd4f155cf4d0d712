"""Cases of ``dlcore.scratch.detection``."""

OPERATORS = []
LAYERS = []
TIMED = []
