"""Cases of ``dlcore.scratch.metric_losses``."""

OPERATORS = []
LAYERS = []
TIMED = []
