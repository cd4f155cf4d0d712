"""A build that warned starts from a fresh environment the next time.

Sphinx reads only what changed, so a second build after one that failed on a warning would not repeat the
warning, and would pass. Without its saved environment it reads every page again; executed notebooks come
from the cache, so this costs seconds.
"""

from pathlib import Path

from sphinx.application import ENV_PICKLE_FILENAME


def forget_environment(app, exception):
    if exception is not None or app._warncount:
        Path(app.doctreedir, ENV_PICKLE_FILENAME).unlink(missing_ok=True)


def setup(app):
    # Last of all: what warns while the build finishes counts too.
    app.connect("build-finished", forget_environment, priority=1000)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
