"""Find a Chromium for the browser tests, or install one: ``python tools/install_chromium.py``.

The path of the program goes to the standard output, all else to the standard error. Where none can be had,
the exit status is 1.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
ADVICE = """No Chromium was found, and none could be installed. One of these helps:
  - install Chromium or Google Chrome by your system's package manager;
  - set the environment variable CHROMIUM to the path of one;
  - run `python -m playwright install --with-deps chromium`, which needs a network.
Until then the tests in tests/browser are skipped (with the variable CI set, they fail)."""


def find():
    """Return the path of a Chromium that can be started, or None.

    The environment variable CHROMIUM comes first, then what the system has, then Playwright's own.

    Raises
    ------
    FileNotFoundError
        If CHROMIUM names something that cannot be started.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        path = shutil.which(named)
        if path is None or not starts(path):
            raise FileNotFoundError(f"CHROMIUM: expected the path of a browser that starts, got {named!r}")
        return path
    candidates = [*map(shutil.which, NAMES), *filter(os.path.isfile, APPLICATIONS), playwrights_own()]
    return next((path for path in candidates if path and starts(path)), None)


def starts(path):
    """Whether the program runs at all: on some systems `chromium-browser` only says how to install one."""
    if path.endswith(".exe"):  # there `--version` opens a window
        return True
    try:
        return (
            subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def playwrights_own():
    """The path of the browser that Playwright installed, or None."""
    # In a process of its own: here it would leave an event loop running.
    program = (
        "from playwright.sync_api import sync_playwright as start\n"
        "with start() as playwright: print(playwright.chromium.executable_path)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    path = done.stdout.strip()
    return path if done.returncode == 0 and Path(path).is_file() else None


def commands():
    """The ways to install one, each a list of commands."""
    if shutil.which("apt-get"):
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        if root or shutil.which("sudo"):
            # -n: a question for a password would wait for ever.
            apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
            apt = apt if root else ["sudo", "-n", *apt]
            # Without any font the pages would have no text to measure.
            packages = ["chromium", "fonts-dejavu-core"]
            yield [
                [*apt, "update", "-qq"],
                [*apt, "install", "-y", "-qq", "--no-install-recommends", *packages],
            ]
    yield [[sys.executable, "-m", "playwright", "install", "chromium"]]


def install():
    """Try each way until one leaves a browser that starts. Returns its path, or None."""
    for way in commands():
        for command in way:
            print("$", " ".join(command), file=sys.stderr, flush=True)
            try:
                # Whatever it says belongs to the messages: the standard output holds the path alone.
                status = subprocess.run(command, stdout=sys.stderr, check=False, timeout=900).returncode
            except (OSError, subprocess.TimeoutExpired) as error:
                print(error, file=sys.stderr)
                status = 1
            if status != 0:
                print(f"That failed (exit status {status}).", file=sys.stderr)
                break
        if path := find():
            return path
    return None


def main():
    try:
        path = find()
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    if path is None:
        print("No Chromium was found; the browser tests need one. Installing it.", file=sys.stderr)
        path = install()
    print(path or ADVICE, file=sys.stdout if path else sys.stderr)
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
