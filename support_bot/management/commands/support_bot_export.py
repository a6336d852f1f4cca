"""Export the FAQ: see docs/knowledge.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from support_bot.conf import closest
from support_bot.knowledge import export
from support_bot.knowledge.formats import WRITERS, format_of
from support_bot.models import Entry


class Command(BaseCommand):
    help = "Exports FAQ entries as CSV, JSON or Markdown, to FILE or the terminal; they can be imported."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE")
        parser.add_argument(
            "--format", choices=sorted(WRITERS), help="By default from the file's name, else markdown."
        )
        parser.add_argument("--language", help="Only the entries of this language.")

    def handle(self, *, file: str | None, language: str | None, **options: Any) -> None:
        entries = Entry.objects.all()
        if language is not None:
            languages = dict(settings.LANGUAGES)
            if language not in languages:
                raise CommandError(
                    f"Unknown language {language!r}. {closest(language, languages)}", returncode=2
                )
            entries = entries.filter(language=language)
        text = export(options["format"] or format_of(file or "") or "markdown", entries)
        if file is None:
            self.stdout.write(text, ending="")
            return
        try:
            Path(file).write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        if options["verbosity"]:
            self.stderr.write(f"{entries.count()} entries to {file}.", self.style.SUCCESS)
