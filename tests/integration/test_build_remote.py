"""Objects that machines share through ccache and sccache, kept by redis or a web server."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COLLECTION = """<?xml version="1.0"?>
<D:multistatus xmlns:D="DAV:"><D:response><D:href>{path}</D:href><D:propstat><D:prop>
<D:getlastmodified>Thu, 01 Jan 2026 00:00:00 GMT</D:getlastmodified>
<D:resourcetype><D:collection/></D:resourcetype>
</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"""


class WebStorage(BaseHTTPRequestHandler):
    """Keeps what is put; every path is also a collection of WebDAV, which sccache asks for."""

    protocol_version = "HTTP/1.1"

    def __init__(self, kept: dict[str, bytes], *args: object) -> None:
        self._kept = kept
        super().__init__(*args)  # type: ignore[arg-type]  # as the server calls it

    def do_GET(self) -> None:
        content = self._kept.get(self.path)
        self._answer(404 if content is None else 200, content or b"")

    do_HEAD = do_GET  # noqa: N815 - as the server looks for it

    def do_PUT(self) -> None:
        self._kept[self.path] = self._body()
        self._answer(201)

    def do_PROPFIND(self) -> None:
        self._body()
        self._answer(207, _COLLECTION.format(path=self.path).encode())

    def do_MKCOL(self) -> None:
        self._answer(201)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status: int, content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Says nothing."""


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


@contextlib.contextmanager
def web_storage() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(WebStorage, {})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def redis() -> Iterator[str]:
    need("redis-server")
    for _ in range(5):  # another process may take the port first
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            if any("Ready to accept connections" in line for line in server.stdout):
                try:
                    yield f"redis://127.0.0.1:{port}"
                finally:
                    server.kill()
                return
    pytest.fail("redis-server does not start")


STORAGES = {"redis": redis, "http": web_storage}


class Ccache:
    """A machine that compiles through ccache."""

    name = "ccache"

    def __init__(self, directory: Path, url: str) -> None:
        self.variables = {
            "CCACHE_DIR": str(directory),
            "CCACHE_REMOTE_STORAGE": url,
            "CCACHE_SECONDARY_STORAGE": url,  # before ccache 4.7
        }

    def close(self) -> None:
        """Nothing runs."""

    def hits(self) -> int:
        """How many objects came from the storage."""
        command = ["ccache", "--print-stats"]
        done = subprocess.run(
            command, env={**os.environ, **self.variables}, capture_output=True, check=True
        )
        counts = dict(line.split() for line in done.stdout.decode().splitlines())
        return int(counts.get("remote_storage_hit", counts.get("secondary_storage_hit", "0")))


class Sccache:
    """A machine that compiles through sccache, with a server of its own."""

    name = "sccache"

    def __init__(self, directory: Path, url: str) -> None:
        storage = "SCCACHE_REDIS_ENDPOINT" if url.startswith("redis") else "SCCACHE_WEBDAV_ENDPOINT"
        self._place = tempfile.mkdtemp(prefix="a2a3sim")  # names of sockets are short
        self.variables = {
            storage: url,
            "SCCACHE_SERVER_UDS": f"{self._place}/socket",
            "SCCACHE_DIR": str(directory),
        }
        self._run("--start-server")

    def close(self) -> None:
        """Ends the server."""
        self._run("--stop-server")
        shutil.rmtree(self._place)

    def hits(self) -> int:
        """How many objects came from the storage."""
        stats = json.loads(self._run("--show-stats", "--stats-format=json"))["stats"]
        return sum(stats["cache_hits"]["counts"].values())

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["sccache", *arguments],
            env={**os.environ, **self.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"sccache {' '.join(arguments)} fails: it may lack this storage")
        return done.stdout


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("launcher", [Ccache, Sccache])
def test_machines_share_objects(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    launcher: type[Ccache | Sccache],
    storage: str,
) -> None:
    """The second machine compiles nothing, notices a header that changes, and then asks nobody."""
    need(launcher.name)
    golden = GoldenDir.create(tmp_path / "checkout" / "doubler")
    golden.kernel("#define FACTOR 2\n", "factor.h")
    golden.kernel_body(
        """
        #include "factor.h"
        for (int64_t i = 0; i < args[2]; ++i) y[i] = FACTOR * x[i];
        """
    )
    monkeypatch.setenv("CXX", f"{launcher.name} g++")
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(STORAGES[storage]())

        def enter(name: str) -> Ccache | Sccache:
            machine = launcher(tmp_path / name, url)
            stack.callback(machine.close)
            for variable, text in machine.variables.items():
                monkeypatch.setenv(variable, text)
            monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(tmp_path / name / "objects"))
            return machine

        one = enter("one")
        assert run_case(golden.path).passed
        assert one.hits() == 0
        two = enter("two")
        result = run_case(golden.path)
        assert (result.passed, result.compiled, two.hits()) == (True, 2, 2)
        golden.kernel("#define FACTOR 3\n", "factor.h")
        result = run_case(golden.path)
        assert (result.passed, result.compiled, result.cache_hits) == (False, 1, 1)
        asked = two.hits()
        golden.kernel("#define FACTOR 2\n", "factor.h")
        result = run_case(golden.path)
        assert (result.passed, result.cache_hits, two.hits()) == (True, 2, asked)
