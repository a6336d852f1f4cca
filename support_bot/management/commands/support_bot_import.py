"""Import FAQ entries: see docs/knowledge.md."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from support_bot.knowledge import ImportReport, import_files
from support_bot.knowledge.formats import READERS


class Command(BaseCommand):
    help = (
        "Imports FAQ entries from CSV, JSON or Markdown files, all or nothing. Exit code 0: done (or nothing "
        "to do); 1: the files have errors, all of them listed with their lines, and nothing was stored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--format", choices=sorted(READERS), help="By default from the file's name.")
        parser.add_argument(
            "--language", help="Of entries that name none, in files that are not named for one (en.md)."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen; store nothing.")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="The files are all there is: other entries of their languages and phrasings are removed.",
        )

    def handle(self, *, files: list[str], **options: Any) -> None:
        try:
            report = import_files(
                files,
                options["format"],
                language=options["language"],
                dry_run=options["dry_run"],
                replace=options["replace"],
            )
        except ImproperlyConfigured as error:  # the adapter, which says what entries may name
            raise CommandError(f"{error}. See manage.py check.") from error
        for warning in report.warnings:
            self.stderr.write(f"{warning}", self.style.WARNING)
        for problem in report.errors:
            self.stderr.write(f"{problem}", self.style.ERROR)
        if report.errors:
            raise CommandError(f"{len(report.errors)} errors; nothing was imported.")
        if options["verbosity"]:
            self.stdout.write(_summary(report), self.style.SUCCESS)


def _summary(report: ImportReport) -> str:
    counts = {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
    }
    done = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no entries"
    return f"{'Would be: ' if report.dry_run else ''}{done}."
