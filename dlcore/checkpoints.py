"""The state of a training run in a file that is always whole."""

import os
import pathlib

__all__ = ["Checkpoint"]


class Checkpoint:
    """Writes and reads the state of a training run.

    The state goes to another file first, which then takes the place of the old one in one step. So whenever the
    process dies, the file holds one state, whole: the old or the new.

    Parameters
    ----------
    path : path or None
        With None nothing is written or read.
    engine : scratch.training.Engine or pytorch.training.Engine
        Turns states into files, and knows the state of the random numbers.
    run : dict
        What must not differ between the run that was interrupted and the one that goes on.
    network : scratch.nn.Module or torch.nn.Module
    parts : objects with ``state_dict`` and ``load_state_dict``, or None
    """

    def __init__(self, path, engine, run, *, network, **parts):
        self.path = None if path is None else pathlib.Path(path)
        self.engine, self.run, self.network = engine, run, network
        self.parts = {name: part for name, part in {"network": network, **parts}.items() if part is not None}

    def save(self):
        """Write the state of all parts."""
        if self.path is None:
            return
        random = self.engine.state_dict(self.network)  # every process has its own
        if not self.engine.is_first:
            return
        state = {name: part.state_dict() for name, part in self.parts.items()}
        state |= {"run": self.run, "random": random}
        unfinished = self.path.with_name(self.path.name + ".unfinished")
        with open(unfinished, "wb") as file:
            self.engine.save(file, state)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, self.path)

    def load(self):
        """Read the state of all parts, if the file is there.

        Raises
        ------
        ValueError
            A checkpoint of another run, or a file that is none.
        """
        if self.path is None or not self.path.exists():
            return
        state = self._read()
        for name, value in self.run.items():
            if state["run"][name] != value:
                raise ValueError(
                    f"{name}: the run kept in {self.path} has {state['run'][name]!r}, got {value!r}; "
                    "name another checkpoint to start a new run"
                )
        if set(state) - {"run", "random"} != set(self.parts):
            raise ValueError(f"checkpoint: {self.path} holds {sorted(state)}, expected {sorted(self.parts)}")
        for name, part in self.parts.items():
            try:
                self.engine.restore(part, state[name])
            except (KeyError, RuntimeError, TypeError, ValueError) as error:
                raise ValueError(f"checkpoint: {self.path} is of another {name}: {error}") from error
        self.engine.load_state_dict(self.network, state["random"])

    def _read(self):
        with open(self.path, "rb") as file:
            try:
                state = self.engine.load(file)
                state["run"], state["random"]
            except Exception as error:  # the libraries that read it have many kinds
                raise ValueError(
                    f"checkpoint: {self.path} is damaged, or no checkpoint of this backend"
                ) from error
        return state
