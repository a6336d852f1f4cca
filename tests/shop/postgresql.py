"""A throw-away PostgreSQL server, and the tests' settings on it (``--ds=tests.shop.postgresql``)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import environ

if "pytest" in sys.modules and os.environ.get("POSTGRESQL_TEST_URL"):
    from tests.sample_settings import *  # noqa: F403

    DATABASES = {"default": environ.Env.db_url_config(os.environ["POSTGRESQL_TEST_URL"])}


def programs() -> Path | None:
    """Where Debian keeps ``initdb`` and ``pg_ctl``, the newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return found[0].parent if found else None


@contextmanager
def server(folder: Path, bin_folder: Path) -> Iterator[str]:
    """The URL of a server with its data in ``folder``, which goes when the block ends."""
    as_whom: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        as_whom = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    control = [*as_whom, str(bin_folder / "pg_ctl"), "-D", str(data), "-w"]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    _run(
        [*as_whom, str(bin_folder / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8"]
    )
    _run([*control, "-o", options, "-l", str(folder / "log"), "start"])
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        _run([*control, "-m", "immediate", "stop"])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
