"""dlcore.scratch.fully_connected: what the registry of cases cannot say."""

import numpy as np
import pytest
import torch

from dlcore import scratch


@pytest.mark.parametrize(("naming", "place"), [("weight", 0), ("weight", 1), ("bias", 2)])
def test_linear_refuses_floats_of_different_precision_as_torch_does(naming, place):
    arrays = [np.ones((3, 5)), np.ones((4, 5)), np.ones(4)]
    arrays[place] = arrays[place].astype(np.float32)
    with pytest.raises(RuntimeError, match=f"^{naming}: "):
        scratch.linear(*arrays)
    with pytest.raises(RuntimeError):
        torch.nn.functional.linear(*map(torch.from_numpy, arrays))
