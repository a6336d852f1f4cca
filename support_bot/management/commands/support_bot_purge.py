"""Forget old conversations: for cron, once a day, where no Celery schedule sends ``support_bot.purge``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from support_bot import privacy
from support_bot.conf import settings


class Command(BaseCommand):
    help = 'Remove conversations silent for SUPPORT_BOT["RETENTION_DAYS"], and profiles without consent.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, help="Instead of RETENTION_DAYS.")
        parser.add_argument("--dry-run", action="store_true", help="Only say how much it would be.")

    def handle(self, *_args: Any, days: int | None, dry_run: bool, **_options: Any) -> None:
        if days is not None and days < 0:
            raise CommandError(f"--days must be 0 or more, got {days}.")
        if days is None and settings.RETENTION_DAYS is None:
            self.stdout.write('SUPPORT_BOT["RETENTION_DAYS"] is None: conversations are kept.')
        removed = privacy.purge(days=days, dry_run=dry_run)
        verb = "Would remove" if dry_run else "Removed"
        self.stdout.write(
            f"{verb} {removed.conversations} conversations and {removed.profiles} dialogue profiles."
        )
