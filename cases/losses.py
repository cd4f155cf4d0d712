"""Cases of ``dlcore.scratch.losses``."""

OPERATORS = []
LAYERS = []
TIMED = []
