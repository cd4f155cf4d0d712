"""How fast the from-scratch operators are, as a ratio to PyTorch on the CPU. Run ``python -m benchmarks``."""
