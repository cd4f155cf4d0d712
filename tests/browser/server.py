"""A static host on this machine, as books are published by: compressed texts, entity tags, nothing else."""

import gzip
import hashlib
import threading
from dataclasses import dataclass
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["Answer", "Site"]

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".ipynb": "application/json",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
COMPRESSED = {".css", ".html", ".js", ".json", ".mjs", ".svg", ".txt", ".wasm"}


@dataclass(frozen=True)
class Answer:
    """One answer: the path that was asked for, the status, the bytes of the body as they travelled."""

    path: str
    status: int
    bytes: int


@lru_cache(maxsize=2048)
def _body(path, compress, modified):
    """The bytes of a file as they travel, and a tag that names this content."""
    content = Path(path).read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:20]}{"-gzip" if compress else ""}"'
    return gzip.compress(content, 6, mtime=0) if compress else content, tag


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # The head and the body are two writes: without this the second waits for the first to be acknowledged.
    disable_nagle_algorithm = True

    def do_GET(self):
        site = self.server.site
        address = urlsplit(self.path).path
        file = (site.folder / unquote(address).lstrip("/")).resolve()
        if file.is_dir():
            file /= "index.html"
        if not file.is_file() or site.folder not in file.parents:
            self._send(404, address, b"not found", {"Content-Type": "text/plain"})
            return
        compress = file.suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", "")
        body, tag = _body(str(file), compress, file.stat().st_mtime_ns)
        head = {
            "Content-Type": TYPES.get(file.suffix, "application/octet-stream"),
            "Cache-Control": "max-age=600",
            "ETag": tag,
            "Vary": "Accept-Encoding",
        }
        if compress:
            head["Content-Encoding"] = "gzip"
        if self.headers.get("If-None-Match") == tag:
            self._send(304, address, b"", head)
        else:
            self._send(200, address, body, head)

    def _send(self, status, address, body, head):
        # Noted before the body goes out: whoever has received it finds it noted.
        self.server.site.answers.append(Answer(address, status, len(body)))
        try:
            self.send_response(status)
            for name, value in head.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):  # the page was closed meanwhile
            self.close_connection = True

    def log_message(self, *arguments):
        pass


class Site:
    """Serves a folder on a free port of this machine until it is closed.

    Attributes
    ----------
    url : str
        Without a slash at the end.
    answers : list of Answer
        In the order in which they were sent. Empty it to count anew.
    """

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.answers = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.site = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
