"""Cases of ``dlcore.scratch.nn.combinators``."""

OPERATORS = []
LAYERS = []
TIMED = []
