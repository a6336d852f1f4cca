"""Give the sample shop its FAQ and a bot that has learned it: what the demo does after training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from support_bot.models import ActiveKnowledge, Entry

FAQ = Path(__file__).resolve().parents[2] / "faq"


class Command(BaseCommand):
    help = "Imports the sample FAQ where there is none, and builds the bot's knowledge where there is none."

    def handle(self, *args: Any, **options: Any) -> None:
        if not Entry.objects.exists():
            call_command("support_bot_import", *(str(file) for file in sorted(FAQ.glob("*.md"))))
        if not ActiveKnowledge.objects.exclude(build=None).exists():
            call_command("support_bot_build", "--wait")
