"""Work that must not happen in a web request: ``enqueue`` starts it elsewhere, or says at once why not.

A job's name is ``PACKAGE.FUNCTION``: the function of that name in ``PACKAGE.tasks``. Callers name it
and never import it, so that what the job needs (PyTorch, say) never enters a web process. Three modes:

``process``  a detached child runs ``python -m django PACKAGE_work FUNCTION ARGS``; it outlives the server.
``celery``   the task of that name is sent to the host's broker, with one try and a limit of two seconds.
``inline``   the job runs here and now, before ``enqueue`` returns: for tests.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils.translation import gettext as _

from .conf import JOB_MODES, settings

BROKER_SECONDS: Final = 2.0
LOG_BYTES: Final = 1_000_000

logger = logging.getLogger(__name__)


class Refused(Exception):
    """The job was not started; the text says why and what to do."""


def enqueue(
    name: str, args: Sequence[Any] = (), *, mode: str | None = None, queue: str | None = None
) -> None:
    """Start the job ``name`` with JSON-able positional ``args``. Call it in ``transaction.on_commit``.

    ``mode`` defaults to the setting ``RECOMMENDATIONS["JOBS"]``; ``queue`` is the Celery queue, None for the
    host's own routing. Raises ``Refused`` within three seconds when a broker does not answer, when a child
    process cannot be started, or when the mode is unknown.
    """
    mode = mode or settings.JOBS
    if mode == "celery":
        _send(name, list(args), queue)
    elif mode == "process":
        _spawn(name, list(args))
    elif mode == "inline":
        call_command(*_command(name, list(args)))
    else:
        text = _('RECOMMENDATIONS["JOBS"] is %(mode)r; it must be one of %(modes)s')
        raise Refused(text % {"mode": mode, "modes": ", ".join(JOB_MODES)})


def _command(name: str, args: list[Any]) -> list[str]:
    package, function = name.rsplit(".", 1)
    return [f"{package}_work", function, json.dumps(args)]


def _spawn(name: str, args: list[Any]) -> None:
    """Start a child in a session of its own: signals meant for the web server's group do not reach it."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE") or django_settings.SETTINGS_MODULE,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
    }
    try:
        with _output() as output:
            child = subprocess.Popen(  # noqa: S603  every argument is our own
                [_python(), "-m", "django", *_command(name, args)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=output,
                start_new_session=True,
            )
    except OSError as error:
        raise Refused(_("The training process could not be started: %s") % error) from error
    threading.Thread(target=_reap, args=(child, name), daemon=True, name=f"reap {child.pid}").start()


def _reap(child: subprocess.Popen[bytes], name: str) -> None:
    """Wait for the child so that it leaves no zombie behind."""
    if code := child.wait():
        logger.error("%s, process %d, ended with exit status %d; see %s", name, child.pid, code, _log_path())


def _python() -> str:
    """The interpreter; ``sys.executable`` is the server itself under uWSGI."""
    if Path(sys.executable or "").name.startswith("python"):
        return sys.executable
    return str(Path(sys.prefix, "bin", "python"))


def _log_path() -> Path:
    return settings.CACHE_DIR / "jobs.log"


def _output() -> IO[bytes]:
    """Where the child's standard error goes: what a child says that dies before it can log."""
    path = _log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb" if path.exists() and path.stat().st_size > LOG_BYTES else "ab")
    except OSError:
        return Path(os.devnull).open("wb")


def _send(name: str, args: list[Any], queue: str | None) -> None:
    """Send the task from a thread, because resolving a broker's name obeys no socket timeout.

    A message that gets through after we have given up is harmless: its run is no longer queued.
    """
    outcome: list[BaseException | None] = []

    def send() -> None:
        try:
            _publish(name, args, queue)
            outcome.append(None)
        except Exception as error:  # noqa: BLE001  a transport raises errors of its client library
            outcome.append(error)

    thread = threading.Thread(target=send, daemon=True, name=f"enqueue {name}")
    thread.start()
    thread.join(BROKER_SECONDS + 0.5)
    if not outcome:
        raise Refused(_("The broker did not answer within %g seconds. Is it running?") % BROKER_SECONDS)
    if outcome[0] is not None:
        reason = (str(outcome[0]) or type(outcome[0]).__name__).rstrip(".")
        raise Refused(_("The broker refused the task: %s. Is it running?") % reason) from outcome[0]


def _publish(name: str, args: list[Any], queue: str | None) -> None:
    try:
        from celery import current_app
    except ImportError as error:
        raise Refused(_('RECOMMENDATIONS["JOBS"] is "celery", but Celery is not installed')) from error
    options = {
        **(current_app.conf.broker_transport_options or {}),
        "socket_connect_timeout": BROKER_SECONDS,
        "socket_timeout": BROKER_SECONDS,
        "max_retries": 0,
    }
    with current_app.connection_for_write(
        connect_timeout=BROKER_SECONDS, transport_options=options
    ) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_SECONDS)
        current_app.send_task(name, args, queue=queue, connection=connection, retry=False, ignore_result=True)
