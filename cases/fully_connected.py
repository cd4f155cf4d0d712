"""Cases of ``dlcore.scratch.fully_connected``."""

OPERATORS = []
LAYERS = []
TIMED = []
