"""Cases of ``dlcore.scratch.recurrent``."""

OPERATORS = []
LAYERS = []
TIMED = []
