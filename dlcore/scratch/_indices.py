"""Which dtype the indices of classes and elements have."""

import numpy as np

# Where NumPy's own integer has 32 bits, as in the browser, indices come so; elsewhere PyTorch's rule holds.
_NAMES = {"int64", np.dtype(np.intp).name}


def is_index_dtype(dtype):
    """Whether a dtype of NumPy or PyTorch is the one for indices: int64, or the integer of this platform."""
    return str(dtype).removeprefix("torch.") in _NAMES


def is_class_dtype(dtype):
    """Whether a dtype of NumPy or PyTorch is one for class indices: that of indices, or uint8."""
    return is_index_dtype(dtype) or str(dtype).removeprefix("torch.") == "uint8"
