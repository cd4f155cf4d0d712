"""How layers are put together."""

from .. import arithmetic
from ..windows import as_int
from .module import Module

__all__ = ["Flatten", "Sequential"]


class Sequential(Module):
    """Modules one after the other; each takes what the one before returns."""

    def __init__(self, *modules):
        super().__init__()
        for place, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(f"Sequential: expected modules, got {type(module).__name__} at place {place}")
            setattr(self, str(place), module)

    def forward(self, input):
        for module in self._modules.values():
            input = module(input)
        return input

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, index):
        modules = list(self._modules.values())
        return Sequential(*modules[index]) if isinstance(index, slice) else modules[index]

    def __iter__(self):
        return iter(self._modules.values())


class Flatten(Module):
    """The axes from `start_dim` to `end_dim` as one; by default all but the batch. Source: ``torch.nn.Flatten``."""

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = as_int(start_dim, "start_dim"), as_int(end_dim, "end_dim")

    def forward(self, input):
        return arithmetic.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self):
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
