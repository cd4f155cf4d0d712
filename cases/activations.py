"""Cases of ``dlcore.scratch.activations``."""

OPERATORS = []
LAYERS = []
TIMED = []
