"""Bring files of data sets and of weights into the cache: mirrors in order, checksums, retries, bounded waiting.

pooch looks after the cache: it has a download written to a temporary file and its checksum compared, and only then
moves it to its place. So a file in the cache is whole, or it is not there.
"""

import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

SLOWEST = 1024  # bytes a second; a mirror that sends less is given up


class DownloadError(ConnectionError):
    """No mirror gave a file. The message says what each answered and what to do instead."""


@dataclass(frozen=True)
class Source:
    """Where the files of a data set, or of weights, are and how long to try for them."""

    name: str  # for messages
    folder: str  # inside the cache; several data sets have files of the same names
    mirrors: tuple  # addresses that end in a slash, tried in order
    files: dict  # file name -> SHA-256, or as many of its first digits as are published
    alternative: str  # what else to do, as in "use f(), which needs no network"
    timeout: float = 15.0  # seconds of silence, or of less than SLOWEST, until a mirror is given up
    rounds: int = 2  # how often mirrors with passing troubles are asked
    pause: float = 1.0  # seconds between rounds


class _MirrorFailed(Exception):
    """One mirror gave no file. `passing`: it may do so when asked again."""

    def __init__(self, reason, passing):
        super().__init__(reason)
        self.passing = passing


def cache_folder(source, root=None):
    """Return the folder of a source: in `root`, else in $DLCORE_DATA, else in the user's cache."""
    if root is not None and not isinstance(root, (str, os.PathLike)):
        raise TypeError(f"root must be a path or None, got {type(root).__name__}")
    if root is None:
        root = os.environ.get("DLCORE_DATA") or _pooch(source).os_cache("dlcore")
    return Path(root).expanduser().absolute() / source.folder


def fetch(source, name, root=None):
    """Return the path of a file, downloaded if the cache does not hold it whole.

    Parameters
    ----------
    source : Source
    name : str
        A key of ``source.files``.
    root : path, optional
        See `cache_folder`.

    Returns
    -------
    path : pathlib.Path
        Of a file whose checksum has just been compared.

    Raises
    ------
    DownloadError
        Every mirror failed.
    ImportError
        pooch or tqdm is not installed.
    """
    pooch = _pooch(source)
    folder, checksum = cache_folder(source, root), source.files[name]
    path = folder / name
    if path.exists() and not has_checksum(path, checksum):
        path.unlink()

    answers = {}
    mirrors = source.mirrors
    for attempt in range(source.rounds):
        if attempt and mirrors:
            time.sleep(source.pause)
        for mirror in mirrors:
            try:
                with _quiet(pooch.get_logger()):
                    download = _Downloader(source.timeout, checksum)
                    pooch.retrieve(mirror + name, None, name, folder, downloader=download)
                return path
            except _MirrorFailed as failure:
                answers[mirror] = failure
        mirrors = [mirror for mirror in mirrors if answers[mirror].passing]

    raise DownloadError(
        f"{source.name} could not be downloaded: no mirror gave a good {name}.\n"
        + "".join(f"  {mirror}{name}: {failure}\n" for mirror, failure in answers.items())
        + f"Get the file elsewhere (SHA-256 {checksum}{'...' if len(checksum) < 64 else ''}) and put it at\n"
        f"  {path}\nor {source.alternative}."
    )


def has_checksum(path, checksum):
    """Whether the SHA-256 of a file begins with these hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(checksum)


@contextlib.contextmanager
def _quiet(logger):
    """pooch recommends to keep the checksum that it finds; here it is kept, and compared by the downloader."""
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)


def _pooch(source):
    """Import what a download needs, or say which extra brings it."""
    try:
        import pooch
        import tqdm  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{source.name} is downloaded with pooch and tqdm, and {error.name} is not installed. Both come "
            f"with the extra dlcore-book[data]. Or {source.alternative}.",
            name=error.name,
        ) from error
    return pooch


class _Downloader:
    """Download over HTTP for pooch, which calls it as ``downloader(url, output_file, pooch)``.

    pooch's own would wait without bound for a mirror that sends a byte now and then.
    """

    def __init__(self, timeout, checksum):
        self.timeout, self.checksum = timeout, checksum

    def __call__(self, url, output_file, pooch):
        import requests

        try:
            # "identity": the .gz files themselves, not unpacked on the way.
            headers = {"Accept-Encoding": "identity"}
            with requests.get(url, headers=headers, stream=True, timeout=self.timeout) as response:
                if response.status_code != HTTPStatus.OK:
                    raise _MirrorFailed(
                        f"answered {response.status_code} {response.reason}",
                        passing=response.status_code >= 500
                        or response.status_code == HTTPStatus.TOO_MANY_REQUESTS,
                    )
                self._save(response, url, output_file)
        except requests.Timeout:
            raise _MirrorFailed(f"sent nothing for {self.timeout:g} s", passing=True) from None
        except requests.RequestException as error:
            raise _MirrorFailed(f"connection failed: {error}", passing=True) from error
        if not has_checksum(output_file, self.checksum):
            raise _MirrorFailed("sent a file with a wrong checksum", passing=True)

    def _save(self, response, url, output_file):
        from tqdm.auto import tqdm
        from urllib3.exceptions import HTTPError, ReadTimeoutError

        expected = int(response.headers.get("Content-Length", 0)) or None
        # read1 returns what has come so far; urllib3 before 2.1 has only read, which waits for the whole
        # chunk.
        read = getattr(response.raw, "read1", response.raw.read)
        received, window_start, window_bytes = 0, time.monotonic(), 0
        with (
            open(output_file, "wb") as file,
            tqdm(total=expected, unit="B", unit_scale=True, desc=url.rsplit("/", 1)[-1]) as progress,
        ):
            while True:
                try:
                    chunk = read(65536, decode_content=False)
                except ReadTimeoutError:
                    raise _MirrorFailed(f"sent nothing for {self.timeout:g} s", passing=True) from None
                except HTTPError:  # closed before the announced end
                    break
                if not chunk:
                    break
                file.write(chunk)
                progress.update(len(chunk))
                received += len(chunk)
                window_bytes += len(chunk)
                elapsed = time.monotonic() - window_start
                if elapsed > self.timeout:
                    if window_bytes < SLOWEST * elapsed:
                        raise _MirrorFailed(
                            f"sent only {window_bytes} bytes in {elapsed:.1f} s", passing=True
                        )
                    window_start, window_bytes = time.monotonic(), 0
        # Without an announced length, the checksum alone tells whether the body is whole.
        if expected is not None and received != expected:
            raise _MirrorFailed(f"broke off after {received:,} of {expected:,} bytes", passing=True)
