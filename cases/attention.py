"""Cases of ``dlcore.scratch.attention``."""

OPERATORS = []
LAYERS = []
TIMED = []
