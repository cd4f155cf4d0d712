"""What a reader has tried and solved, kept where the reader is: in a file, or in the browser. Nothing is sent anywhere.

The file is ``~/.dlcore/exercises.json``, or the one that the environment variable ``DLCORE_EXERCISES`` names. To forget
everything, delete it. In the page the browser keeps the same text (`keep`).
"""

import json
import os
import tempfile
import warnings
from pathlib import Path

__all__ = ["keep", "note_hint", "note_try", "read"]

_here = {}
_keeper = None


def keep(text, write):
    """Keep records by `write` and not in a file.

    Parameters
    ----------
    text : str
        What was kept before: JSON; "" for nothing.
    write : callable
        ``write(text)`` keeps a text.
    """
    global _keeper
    _here.clear()
    _here.update(_parsed(text))
    _keeper = write


def read():
    """Return the record of every exercise that was tried.

    Returns
    -------
    dict
        From the id to ``{"tries": int, "hints": int, "solved": bool}``.
    """
    if _keeper is None:
        try:
            _here.update(_parsed(_file().read_text(encoding="utf-8")))
        except OSError:  # none yet, or not readable: then what this process knows counts
            pass
    return dict(_here)


def note_try(id, solved):
    """Count a try; what was solved once stays solved."""
    record = _record(id)
    _write(id, record | {"tries": record["tries"] + 1, "solved": record["solved"] or solved})


def note_hint(id, most):
    """Count a hint, and return its number: from 1 to `most`."""
    record = _record(id)
    number = min(record["hints"] + 1, most)
    _write(id, record | {"hints": number})
    return number


def _record(id):
    return {"tries": 0, "hints": 0, "solved": False} | read().get(id, {})


def _write(id, record):
    _here[id] = record
    text = json.dumps(_here, indent=1, sort_keys=True)
    if _keeper is not None:
        _keeper(text)
        return
    file = _file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Another notebook may read meanwhile: the file is whole at any time.
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as new:
            new.write(text)
        os.replace(new.name, file)
    except OSError as error:
        warnings.warn(f"What you have solved is not kept: {error}", stacklevel=4)


def _file():
    return Path(os.environ.get("DLCORE_EXERCISES") or Path.home() / ".dlcore" / "exercises.json")


def _parsed(text):
    """The records in a text; what is none is left out."""
    try:
        records = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(records, dict):
        return {}
    return {
        id: record
        for id, record in records.items()
        if isinstance(record, dict)
        and all(isinstance(record.get(name, 0), int) for name in ("tries", "hints"))
    }
