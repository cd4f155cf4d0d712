"""What several test files share."""

import os
import tempfile
from pathlib import Path

# One thread each, before NumPy and PyTorch start their own: where both are called in turn, the waiting threads of one
# take the processor from the other, which costs far more time than a second thread saves. Notebooks inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What the tests and the notebooks that they run solve is not the developer's own progress.
os.environ["DLCORE_EXERCISES"] = os.path.join(tempfile.mkdtemp(prefix="dlcore-tests-"), "exercises.json")

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# A shared machine may stall for a second: a slow example is no defect of the property.
# CI draws the same examples at every run, so that a commit is not blamed for another one's defect; everybody else
# draws new ones.
settings.register_profile("dlcore", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI")))
settings.load_profile("dlcore")


@pytest.fixture(scope="session")
def built_book():
    """The folder of the built HTML book."""
    pages = ROOT / "_build" / "html"
    if not (pages / "book" / "index.html").is_file():
        pytest.fail(
            "The book is not built, so that its pages cannot be tested: run `make book` first.", pytrace=False
        )
    return pages
