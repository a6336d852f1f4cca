"""Savepoints around code that may fail: a database error inside spoils nothing of what is around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import connections, transaction


@contextmanager
def savepoints() -> Iterator[None]:
    """A savepoint on each database that has a transaction open, and on no other.

    Without it a database error that is merely caught would poison the host's page under ``ATOMIC_REQUESTS``;
    what was half done inside is undone.
    """
    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block:
                stack.enter_context(transaction.atomic(using=connection.alias))
        yield
