"""What ``jobs`` starts in mode ``process``: one job in a process of its own. Nobody needs to type it."""

from __future__ import annotations

import json
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from support_bot import tasks
from support_bot.answers.background import job_mode


class Command(BaseCommand):
    help = "Run one job here. The app starts it by itself; to build by hand use support_bot_build --wait."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("function", help="A function of support_bot.tasks, such as build.")
        parser.add_argument("arguments", nargs="?", default="[]", help="Its arguments as a JSON list.")

    def handle(self, *_args: Any, function: str, arguments: str, **_options: Any) -> None:
        job = getattr(tasks, function, None)
        if job is None or function.startswith("_"):
            raise CommandError(f"support_bot.tasks has no job {function!r}")
        if job_mode() == "process":
            os.nice(5)  # the web server on this machine goes first
        job(*json.loads(arguments))
