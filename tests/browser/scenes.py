"""Whether two scenes are the same: one computed here, one that a view shows."""

import base64
import math

import numpy as np

__all__ = ["decode", "differences"]

# The page carries the pictures of the first scene with 8 bits.
HALF_A_SHADE = 0.5 / 255 + 1e-6


def decode(value):
    """A scene with NumPy arrays, of one whose arrays are base64 text."""
    if isinstance(value, dict) and {"dtype", "shape", "data"} <= value.keys():
        content = base64.b64decode(value["data"])
        array = np.frombuffer(content, np.dtype(value["dtype"])).reshape(value["shape"])
        return array / value["scale"] if value.get("scale") else array
    if isinstance(value, dict):
        return {name: decode(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [decode(entry) for entry in value]
    return value


def differences(expected, shown, *, tolerance=1e-6, shades=False, where="scene"):
    """Where two scenes differ, a list of sentences.

    Parameters
    ----------
    expected, shown : dict
        With NumPy arrays. A number that is not finite is None in the second, outside of arrays.
    tolerance : float
        Relative to the largest number of an array.
    shades : bool
        Whether pictures have 8 bits in the second.
    """

    if isinstance(expected, np.ndarray):
        return array_differences(expected, shown, tolerance, HALF_A_SHADE if shades else 0, where)
    if isinstance(expected, dict):
        if not isinstance(shown, dict) or shown.keys() != expected.keys():
            got = list(shown) if isinstance(shown, dict) else shown
            return [f"{where}: expected {list(expected)}, got {got!r:.200}"]
        found = []
        for name, entry in expected.items():
            # Of all arrays only those of pictures have 8 bits.
            exact = isinstance(entry, np.ndarray) and expected.get("kind") != "image"
            options = {"tolerance": tolerance, "shades": shades and not exact, "where": f"{where}.{name}"}
            found += differences(entry, shown[name], **options)
        return found
    if isinstance(expected, list | tuple):
        if not isinstance(shown, list) or len(shown) != len(expected):
            return [f"{where}: expected {len(expected)} entries, got {shown!r:.200}"]
        found = []
        for index, pair in enumerate(zip(expected, shown, strict=True)):
            found += differences(*pair, tolerance=tolerance, shades=shades, where=f"{where}[{index}]")
        return found
    return [] if same(expected, shown, tolerance) else [f"{where}: expected {expected!r}, got {shown!r}"]


def same(expected, shown, tolerance):
    """Whether two texts, numbers or truth values are the same."""
    expected = expected.item() if isinstance(expected, np.generic) else expected
    if expected is None or isinstance(expected, bool | str):
        return type(shown) is type(expected) and shown == expected
    if not math.isfinite(expected):
        return shown is None
    number = isinstance(shown, int | float) and not isinstance(shown, bool)
    return number and math.isclose(shown, expected, rel_tol=tolerance, abs_tol=1e-12)


def array_differences(expected, shown, tolerance, absolute, where):
    """Where two arrays differ: no sentence, or one."""
    if not isinstance(shown, np.ndarray):
        return [f"{where}: expected an array, got {shown!r:.200}"]
    if shown.shape != expected.shape or (expected.dtype == bool) != (shown.dtype == bool):
        return [f"{where}: expected {expected.dtype} {expected.shape}, got {shown.dtype} {shown.shape}"]
    expected, shown = expected.astype(float), shown.astype(float)
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=0)
    equal = np.isclose(shown, expected, rtol=0, atol=max(absolute, tolerance * largest), equal_nan=True)
    if equal.all():
        return []
    place = tuple(int(index) for index in np.argwhere(~equal)[0])
    return [
        (
            f"{where}: {(~equal).sum()} of {equal.size} numbers differ; "
            f"at {place} expected {expected[place]!r}, got {shown[place]!r}"
        )
    ]
