"""Folders, a local server and small files for the tests of data."""

import os
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

RAW = Path(os.environ["VAE_JAX_RAW"]).absolute() if os.environ.get("VAE_JAX_RAW") else None


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(monkeypatch, tmp_path):
    """Unset the raw folder, and put the default folders below `tmp_path`."""
    monkeypatch.delenv("VAE_JAX_RAW", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def real_folder():
    """Find a folder of real files below VAE_JAX_RAW, or skip."""

    def find(name):
        if RAW is None:
            pytest.skip(f"VAE_JAX_RAW is unset: no {name}")
        if not (RAW / name).is_dir():
            pytest.skip(f"VAE_JAX_RAW has no folder {name}")
        return RAW / name

    return find


@pytest.fixture
def serve():
    """Serve files on this machine: `with serve({"a": b"..."}) as (address, asked):`.

    A number instead of content is a status without content. `cut` ends bodies half way; `ranges` gives the rest of a
    file to who asks for it, from where it asks or from where `shift` bytes later. What is asked for is noted:
    "a", or "a bytes=5-".
    """

    @contextmanager
    def served(files, cut=False, ranges=False, shift=0):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                wanted = self.headers.get("Range")
                asked.append(self.path[1:] + (f" {wanted}" if wanted else ""))
                content = files.get(self.path[1:], 404)
                if isinstance(content, int):
                    self.send_response(content)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                start = int(wanted.removeprefix("bytes=").removesuffix("-")) + shift if wanted and ranges else 0
                if start >= len(content) > 0 and start:
                    self.send_error(416)
                    return
                self.send_response(206 if start else 200)
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                rest = content[start:]
                self.send_header("Content-Length", str(len(rest)))
                self.end_headers()
                self.wfile.write(rest[: len(rest) // 2] if cut else rest)

            def log_message(self, *_):
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/", asked
            finally:
                server.shutdown()
                thread.join()

    return served


@pytest.fixture
def nobody():
    """An address where no server listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_port}/"
