"""How far the load is: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

SECONDS_BETWEEN_LINES = 5


class Report(Protocol):
    """Called with a stage's name, what is done of it and how much there is."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@contextmanager
def reporting(out: TextIO) -> Iterator[Report]:
    """A ``Report`` that writes to ``out``, by a bar where that is a terminal."""
    if out.isatty():
        with _bar(out) as report:
            yield report
    else:
        yield _Lines(out)


@contextmanager
def _bar(out: TextIO) -> Iterator[Report]:
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=out)) as progress:
        tasks = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield report


class _Lines:
    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.stage = ""
        self.began = self.written = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self.stage:
            self.stage, self.began, self.written = stage, now, now
        if done < total and now - self.written < SECONDS_BETWEEN_LINES:
            return
        self.written = now
        left = (now - self.began) * (total - done) / done if done else 0.0
        rest = f", about {left:.0f} s left" if done < total else f", {now - self.began:.1f} s"
        self.out.write(f"{stage}: {done:,} of {total:,}{rest}\n")
        self.out.flush()
