"""A PostgreSQL cluster of our own, for tests and benchmarks; it keeps nothing."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

SECONDS: Final = 90


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, the newest; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def serve(programs: Path, folder: Path, port: int) -> Iterator[str]:
    """The URL of a new cluster in ``folder``. It refuses to run as root, so root lends it an account."""
    account: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    data = folder / "postgres"
    data.mkdir()
    if account:
        shutil.chown(data, "postgres", "postgres")
        account["extra_groups"] = []
    settled = {**account, "cwd": data, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    options = ["-U", "concierge", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    initdb = [programs / "initdb", "-D", data, *options]
    subprocess.run(list(map(str, initdb)), check=True, stdout=subprocess.DEVNULL, **settled)
    speed = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=64MB"]
    place = ["-k", str(data), "-c", "listen_addresses=127.0.0.1", "-p", str(port)]
    with (folder / "postgres.log").open("wb") as log:
        server = subprocess.Popen([programs / "postgres", "-D", data, *place, *speed], stdout=log, **settled)
    try:
        _wait(port)
        yield f"postgres://concierge@127.0.0.1:{port}/postgres"
    finally:
        stop(server, signal.SIGINT)


def stop(process: subprocess.Popen[Any], how: signal.Signals = signal.SIGTERM) -> None:
    """End a process that we started; the hard way if it does not listen."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while not listening(port):
        if time.monotonic() > deadline:
            raise TimeoutError(f"PostgreSQL did not listen on port {port} within {SECONDS} seconds")
        time.sleep(0.1)
