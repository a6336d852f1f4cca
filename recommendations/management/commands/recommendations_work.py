"""What ``jobs`` starts in mode ``process``: one job in a process of its own. Nobody needs to type it."""

from __future__ import annotations

import json
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommendations import tasks
from recommendations.conf import settings


class Command(BaseCommand):
    help = "Run one job here. The app starts it by itself; to train by hand use recommendations_train --wait."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("function", help="A function of recommendations.tasks, such as train.")
        parser.add_argument("arguments", nargs="?", default="[]", help="Its arguments as a JSON list.")

    def handle(self, *_args: Any, function: str, arguments: str, **_options: Any) -> None:
        job = getattr(tasks, function, None)
        if job is None or function.startswith("_"):
            raise CommandError(f"recommendations.tasks has no job {function!r}")
        if settings.JOBS == "process":
            os.nice(5)  # the web server on this machine goes first
        job(*json.loads(arguments))
