"""What serves, since when, and what is wrong: for a terminal and for a monitor."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from recommendations.training.status import Status, status


class Command(BaseCommand):
    help = "Print what serves and what is wrong. Exit status: 0 all is well, 1 something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print JSON for programs.")

    def handle(self, *_args: Any, **options: Any) -> None:
        found = status()
        if options["json"]:
            self.stdout.write(json.dumps(found.as_dict(), indent=1))
        else:
            self._show(found)
        if found.problems:
            sys.exit(1)

    def _show(self, found: Status) -> None:
        for name, count in found.counts.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {count:,}")
        runs = ", ".join(f"{count} {name}" for name, count in found.runs.items()) or "none"
        self.stdout.write(f"runs: {runs}")
        self.stdout.write(f"last sign of life of a worker: {_moment(found.last_heartbeat)}")
        for live in found.live:
            self.stdout.write("now: run {run}, {algorithm}, {status} {stage}, worker {worker}".format(**live))
        for serving in found.roles:
            value = "-" if serving.value is None else f"{serving.value:.4f}"
            coverage = "-" if serving.coverage is None else f"{serving.coverage:.0%}"
            age = timedelta(seconds=serving.age_seconds)
            self.stdout.write(
                f"{serving.role:16} {serving.algorithm} (run {serving.run}), {age} old, "
                f"{serving.metric or 'not scored'} {value}, covers {coverage} of the items for sale"
            )
        for role in found.missing_roles:
            self.stdout.write(f"{role:16} no model")
        for problem in found.problems:
            self.stdout.write(self.style.ERROR(f"Wrong: {problem.problem}"))
            self.stdout.write(f"  {problem.fix}")
        if not found.problems:
            self.stdout.write(self.style.SUCCESS("All is well."))


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "never"
