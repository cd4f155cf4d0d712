"""Arithmetic on tensors: PyTorch's own."""

from torch import (
    abs,
    add,
    cat,
    div,
    exp,
    flatten,
    log,
    matmul,
    mean,
    mul,
    neg,
    permute,
    pow,
    reshape,
    sqrt,
    stack,
    sub,
    sum,
    transpose,
)

__all__ = [
    "abs", "add", "cat", "div", "exp", "flatten", "log", "matmul", "mean", "mul", "neg", "permute", "pow", "reshape",
    "sqrt", "stack", "sub", "sum", "transpose",
]  # fmt: skip
