"""Early stopping: when to end the training, and how to use the validation data afterwards.

Nothing here looks into arrays or networks, so it serves every backend and every training loop. With the loop of
:mod:`dlcore.training`::

    early_stopping = EarlyStopping(patience=5)
    train(network, optimizer, loss, data, 100, validation=validation, early_stopping=early_stopping)

The network has its best parameters then. To use the validation data too, begin anew with everything::

    train(new_network, new_optimizer, loss, everything, early_stopping.best_step)

or go on, with another order of the examples in each epoch::

    seeds, target = itertools.count(1), evaluate(network, loss, data)["loss"]
    continue_on_all(
        lambda: train(network, optimizer, loss, everything, 1, seed=next(seeds), progress=False),
        lambda: evaluate(network, loss, validation)["loss"],
        target,
        max_epochs=100,
    )
"""

import copy
import math

from .windows import as_int, as_number

__all__ = ["EarlyStopping", "continue_on_all", "retrain_from_start", "train_until_stopped"]


class EarlyStopping:
    """Stop once the last `patience` values were no better than the best before them.

    ::

        early_stopping = EarlyStopping(patience=5)
        while not early_stopping.should_stop:
            ...  # an epoch of training
            early_stopping.observe(validation_loss(), network.state_dict())
        network.load_state_dict(early_stopping.best_state)

    Parameters
    ----------
    patience : int, at least 1
    min_delta : float, finite, not negative
        Better means less than ``best_value - min_delta``, or with ``mode="max"`` more than ``best_value + min_delta``.
        NaN is never better, nor is an infinity on the wrong side.
    mode : {"min", "max"}

    Attributes
    ----------
    step : int
        How many values were observed.
    best_value : float
        The best of them; infinity (with the sign of the worst) before any.
    best_step : int
        How many had been observed when the best came, itself included; 0 before any.
    best_state
        A copy of the state that came with the best value; None if none came with it.

    Raises
    ------
    ValueError
        A patience below 1, a `min_delta` that is negative or not finite, an unknown `mode`.
    TypeError
        A patience that is no int, a `min_delta` that is no number.

    Source: Goodfellow, Bengio and Courville, "Deep learning" (2016), algorithm 7.1; `min_delta` as in Keras.
    """

    def __init__(self, patience, min_delta=0.0, mode="min"):
        self.patience, self.mode = count_from(patience, "patience", 1), mode
        self.min_delta = as_number(min_delta, "min_delta")
        if not 0 <= self.min_delta < math.inf:
            raise ValueError(f"min_delta: must be finite and not negative, got {min_delta!r}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode: expected 'min' or 'max', got {mode!r}")
        self.step, self.best_step = 0, 0
        self.best_value, self.best_state = math.inf if mode == "min" else -math.inf, None

    @property
    def should_stop(self):
        """Whether `patience` values in a row, up to the last, were no better."""
        return self.step - self.best_step >= self.patience

    def observe(self, value, state=None):
        """Take note of a value, and keep a copy of `state` if it is the best so far.

        Parameters
        ----------
        value : float, or array or tensor without axes
        state : optional
            What to go back to, such as ``network.state_dict()``, of either backend.

        Returns
        -------
        bool
            Whether it is the best so far.

        Raises
        ------
        TypeError
            A value that is no number.
        """
        value = _number(value, "value")
        self.step += 1
        if self.mode == "min":
            better = value < self.best_value - self.min_delta
        else:
            better = value > self.best_value + self.min_delta
        if not better:
            return False
        self.best_value, self.best_step, self.best_state = value, self.step, copy.deepcopy(state)
        return True

    def state_dict(self):
        """What was observed so far, for a training that goes on later: the attributes by name."""
        return {name: getattr(self, name) for name in ("step", "best_value", "best_step", "best_state")}

    def load_state_dict(self, state_dict):
        """Go on from what :meth:`state_dict` returned, with the options of this object. Everything is copied.

        Raises
        ------
        ValueError
            Other names than those of :meth:`state_dict`.
        """
        if state_dict.keys() != self.state_dict().keys():
            raise ValueError(f"state_dict: expected {list(self.state_dict())}, got {list(state_dict)}")
        vars(self).update(copy.deepcopy(dict(state_dict)))

    def __repr__(self):
        return f"EarlyStopping(patience={self.patience}, min_delta={self.min_delta}, mode={self.mode!r})"


def train_until_stopped(train_epoch, validation_loss, early_stopping, max_epochs, state_dict=None):
    """Train, evaluating after every epoch, until `early_stopping` says stop.

    Parameters
    ----------
    train_epoch : callable
        Trains for an epoch.
    validation_loss : callable
        Returns the value to observe.
    early_stopping : EarlyStopping
        Afterwards its `best_step` is the number of epochs that was best.
    max_epochs : int, not negative
        End after so many in any case.
    state_dict : callable, optional
        Returns the state that belongs to the value, such as ``network.state_dict``. It is not put back at the end: that
        is ``network.load_state_dict(early_stopping.best_state)``.

    Returns
    -------
    list of float
        The observed values, one an epoch.

    Raises
    ------
    ValueError, TypeError
        `max_epochs` is negative or no int, the observed value is no number.

    Source: Goodfellow, Bengio and Courville, "Deep learning" (2016), algorithm 7.1.
    """
    values = []
    for _ in range(count_from(max_epochs, "max_epochs", 0)):
        if early_stopping.should_stop:
            break
        train_epoch()
        values.append(_number(validation_loss(), "validation_loss"))
        early_stopping.observe(values[-1], None if state_dict is None else state_dict())
    return values


def retrain_from_start(reset, train_epoch, epochs):
    """Begin anew and train for the number of epochs that early stopping found, now on all the data.

    Parameters
    ----------
    reset : callable
        Draws the parameters anew and forgets the state of the optimizer.
    train_epoch : callable
        Trains for an epoch on training and validation data together.
    epochs : int, not negative
        `best_step` of the early stopping. An epoch of more data has more updates: whether as many epochs or as many
        updates are right, nobody knows.

    Raises
    ------
    ValueError, TypeError
        `epochs` is negative or no int.

    Source: Goodfellow, Bengio and Courville, "Deep learning" (2016), algorithm 7.2.
    """
    epochs = count_from(epochs, "epochs", 0)
    reset()
    for _ in range(epochs):
        train_epoch()


def continue_on_all(train_epoch, validation_loss, target, max_epochs):
    """Keep the parameters and train on all the data until the validation loss has fallen to `target`.

    Parameters
    ----------
    train_epoch : callable
        Trains for an epoch on training and validation data together, from the best parameters of the early stopping.
    validation_loss : callable
    target : float
        The loss that the *training* data had with those parameters.
    max_epochs : int, not negative
        End after so many in any case: the target may never be reached.

    Returns
    -------
    list of float
        The validation loss before the first epoch and after each.

    Raises
    ------
    ValueError, TypeError
        `max_epochs` is negative or no int, `target` is NaN or no number, nor is the validation loss.

    Source: Goodfellow, Bengio and Courville, "Deep learning" (2016), algorithm 7.3.
    """
    max_epochs, target = count_from(max_epochs, "max_epochs", 0), float(as_number(target, "target"))
    if math.isnan(target):
        raise ValueError("target: expected a number, got nan")
    losses = [_number(validation_loss(), "validation_loss")]
    while len(losses) <= max_epochs and not losses[-1] <= target:
        train_epoch()
        losses.append(_number(validation_loss(), "validation_loss"))
    return losses


def _number(value, name):
    """A number, or an array or tensor that holds one, as a float; or an error naming it."""
    return float(as_number(value.detach() if hasattr(value, "detach") else value, name))


def count_from(value, name, least):
    """`value`, an int of at least `least`, or an error naming `name`."""
    if as_int(value, name) < least:
        raise ValueError(f"{name}: must be at least {least}, got {value!r}")
    return int(value)
