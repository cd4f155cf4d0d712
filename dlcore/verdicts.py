"""Verdicts on the book's claims: a box for the reader and a record for the claims ledger.

A chapter ends each experiment with a call, as the last expression of its cell::

    verdict("C08", difference < 1e-12, {"largest difference": difference}, "A photograph was shifted ...")

`holds` is computed by the experiment, never typed. The statements of the claims stand in ``claims.toml``.
"""

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

import numpy as np

__all__ = ["MIME_TYPE", "Verdict", "claims", "collect", "verdict"]

MIME_TYPE = "application/vnd.dlcore.verdict+json"

_COLOURS = {"holds": "#2ca682", "partly": "#d97a06", "fails": "#cd0837"}
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@cache
def claims():
    """Return the claims as a read-only mapping from id ("C08") to ``{"chapter": ..., "statement": ...}``."""
    return MappingProxyType(tomllib.loads(files("dlcore").joinpath("claims.toml").read_text("utf-8")))


@dataclass(frozen=True)
class Verdict:
    """The outcome of the experiment on one claim; made by `verdict`, which checks the values."""

    claim: str
    holds: bool | str
    figure: str | int | float | dict
    how: str

    @property
    def statement(self):
        return claims()[self.claim]["statement"]

    @property
    def words(self):
        """The outcome in words: "holds", "holds only if ..." or "does not hold"."""
        if isinstance(self.holds, str):
            return f"holds only if {self.holds}"
        return "holds" if self.holds else "does not hold"

    def record(self):
        """Return the verdict as a dictionary that JSON can hold; numbers keep their full precision."""
        return {
            "claim": self.claim,
            "statement": self.statement,
            "holds": self.holds,
            "figure": self.figure,
            "how": self.how,
        }

    def __str__(self):
        if isinstance(self.figure, dict):
            figure = "; ".join(f"{name}: {_format(value)}" for name, value in self.figure.items())
        else:
            figure = _format(self.figure)
        outcome = f"Verdict: {self.words}.\nComputed: {figure}\nTest: {self.how}"
        return f"Claim {self.claim}: {self.statement}\n{outcome}"

    def _html(self):
        kind = "partly" if isinstance(self.holds, str) else "holds" if self.holds else "fails"
        if isinstance(self.figure, dict):
            rows = "".join(
                f'<dt style="font-weight: normal; margin: 0">{escape(name)}</dt>'
                f'<dd style="margin: 0; font-variant-numeric: tabular-nums">{escape(_format(value))}</dd>'
                for name, value in self.figure.items()
            )
            # fit-content lets a long name wrap on a narrow screen, so the box never scrolls sideways.
            columns = "grid-template-columns: fit-content(65%) 1fr"
            figure = f'<dl style="display: grid; {columns}; gap: 0.1rem 1rem; margin: 0.4rem 0">{rows}</dl>'
        else:
            figure = f'<p style="margin: 0.4rem 0">{escape(_format(self.figure))}</p>'
        # Only a border is coloured and text keeps the page's colour, so the box reads in light and dark.
        border = f"0.3rem solid var(--dlcore-verdict-{kind}, {_COLOURS[kind]})"
        return (
            f'<aside role="note" aria-label="{escape(f"Verdict on claim {self.claim}: {self.words}")}"'
            f' class="dlcore-verdict dlcore-verdict--{kind}"'
            f' style="border-left: {border}; padding: 0.6rem 1rem; margin: 1rem 0; color: inherit">'
            f'<p style="margin: 0 0 0.4rem"><strong>{self.claim}</strong> {escape(self.statement)}</p>'
            f'<p style="margin: 0.4rem 0"><strong>Verdict: {escape(self.words)}.</strong></p>'
            f'{figure}<p style="margin: 0.4rem 0 0">{escape(self.how)}</p></aside>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._html(), "text/plain": str(self), MIME_TYPE: self.record()}


def verdict(claim, holds, figure, how):
    """Give the verdict on a claim.

    Parameters
    ----------
    claim : str
        The claim's id, such as "C08".
    holds : bool or str
        The outcome, computed by the experiment. A string is the condition under which the claim holds:
        ``"the stride is 1"`` is shown as "holds only if the stride is 1".
    figure : str, number, or mapping from str to str or number
        The computed figure or figures behind the outcome. The names carry the units. Floats are shown
        with four significant digits and recorded in full.
    how : str
        One sentence that says how the claim was tested.

    Returns
    -------
    Verdict
        Shows a box in a notebook; its output also holds the record that `collect` reads.

    Raises
    ------
    TypeError, ValueError
        Naming the argument that has the wrong type, is unknown, empty or not finite.
    """
    if not isinstance(claim, str) or claim not in claims():
        raise ValueError(f"claim must be one of the ids in dlcore/claims.toml, such as 'C08', got {claim!r}")
    if isinstance(holds, np.bool_):
        holds = bool(holds)
    if isinstance(holds, str):
        holds = _text("holds (a condition)", holds).removesuffix(".")
    elif not isinstance(holds, bool):
        raise TypeError(f"holds must be True, False or a condition as a string, got {type(holds).__name__}")
    if isinstance(figure, Mapping):
        if not figure:
            raise ValueError("figure must hold at least one computed figure, got an empty mapping")
        figure = {
            _text("a name in figure", name): _value(f"figure[{name!r}]", value)
            for name, value in figure.items()
        }
    else:
        figure = _value("figure", figure)
    return Verdict(claim, holds, figure, _text("how", how))


def collect(notebook):
    """Return the verdict records in the outputs of an executed notebook, in order.

    Parameters
    ----------
    notebook : path or mapping
        The file, or the notebook as `nbformat` or `json` read it.

    Returns
    -------
    list of dict
        Records with the keys claim, statement, holds, figure and how.

    Raises
    ------
    ValueError
        If an output claims to be a verdict and lacks a key.
    """
    if not isinstance(notebook, Mapping):
        notebook = json.loads(Path(notebook).read_text("utf-8"))
    records = [
        dict(output["data"][MIME_TYPE])
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if MIME_TYPE in output.get("data", {})
    ]
    for record in records:
        missing = {"claim", "statement", "holds", "figure", "how"} - record.keys()
        if missing:
            raise ValueError(f"notebook holds a verdict without {', '.join(sorted(missing))}: {record}")
    return records


def _text(argument, value):
    if not isinstance(value, str):
        raise TypeError(f"{argument} must be a string, got {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{argument} must not be empty")
    return value.strip()


def _value(argument, value):
    """Return `value` as a plain string, int or finite float, which JSON can hold."""
    if isinstance(value, str):
        return _text(argument, value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{argument} must be a string or a real number, got {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"{argument} must be finite, got {value}")
    return value


def _format(value):
    """Write integers in full and floats with four significant digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    exponent = int(exponent)
    if -4 <= exponent < 6:
        return f"{float(f'{value:.3e}'):,.{max(0, 3 - exponent)}f}"
    return f"{mantissa} × 10{str(exponent).translate(_SUPERSCRIPTS)}"
