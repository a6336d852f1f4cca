"""A proxy between a browser and the shop that loses what it is told to lose, as a bad connection does."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class LosingServer(ThreadingHTTPServer):
    """``lose(method, path)`` says what becomes of a request: ``request`` (never forwarded), ``answer``
    (forwarded, its answer dropped) or nothing. ``lost`` and ``passed`` keep what happened."""

    daemon_threads = True
    lose: Callable[[str, str], str | None] = staticmethod(lambda _method, _path: None)

    def __init__(self, site: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.site = urlsplit(site)
        self.lost: list[str] = []
        self.passed: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def lose_next(self, what: str, *, ending: str, times: int = 1) -> None:
        """Lose the ``request`` or the ``answer`` of the next POSTs to a path of that ending."""
        left = [times]

        def lose(method: str, path: str) -> str | None:
            if method != "POST" or not path.endswith(ending) or not left[0]:
                return None
            left[0] -= 1
            return what

        self.lose = lose  # type: ignore[method-assign]


class _Handler(BaseHTTPRequestHandler):
    server: LosingServer

    def _pass_on(self) -> None:
        fate = self.server.lose(self.command, self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if fate == "request":
            self.server.lost.append(self.path)
            self.close_connection = True
            return
        connection = http.client.HTTPConnection(str(self.server.site.hostname), self.server.site.port or 80)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if fate == "answer":
            self.server.lost.append(self.path)
            self.close_connection = True
            return
        self.server.passed.append(f"{self.command} {self.path}")
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _pass_on  # noqa: N815 - names that http.server asks for

    def log_message(self, *_args: Any) -> None:
        """The shop logs already."""


@contextmanager
def losing(site: str) -> Iterator[LosingServer]:
    """A running proxy in front of ``site``."""
    with LosingServer(site) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
