"""Let simulated customers talk to the bot, so that its pages in the admin have something to show."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandParser

from shop.simulation import Customer
from support_bot import dialogue, profiles
from support_bot.adapters import get_adapter
from support_bot.models import Entry

PERSISTENCE = 0.6


class Command(BaseCommand):
    help = "Plays simulated conversations; they are marked as simulated wherever they are shown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--conversations", type=int, default=60)
        parser.add_argument("--questions", type=int, default=3, help="questions a conversation")
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        spoken = [language for language in ("en", "zh-hans") if _phrasings(language)]
        people = list(
            User.objects.filter(orders__isnull=False).distinct().order_by("pk")[: options["conversations"]]
        )
        if not spoken or not people:
            self.stdout.write("Nothing to simulate: the FAQ or the customers with orders are missing.")
            return
        for number in range(options["conversations"]):
            # Every fourth customer speaks the second language.
            language = spoken[-1] if number % 4 == 3 else spoken[0]
            seed = options["seed"] * 10_000 + number
            customer = Customer(seed, _phrasings(language), language=language, persistence=PERSISTENCE)
            _talk(people[number % len(people)], customer, options["questions"], language)
        made = profiles.refresh_changed()
        self.stdout.write(
            f"{options['conversations']} simulated conversations, profiles of {made} customers made of them."
        )


def _phrasings(language: str) -> dict[str, list[str]]:
    entries = Entry.objects.active().filter(language=language).prefetch_related("phrasings")
    return {
        entry.slug: [entry.question, *(phrasing.text for phrasing in entry.phrasings.all())]
        for entry in entries
    }


def _talk(person: User, customer: Customer, questions: int, language: str) -> None:
    subject = get_adapter().subject_for(str(person.pk))
    conversation = dialogue.open_conversation(subject, language=language).conversation
    conversation.is_simulated = True
    conversation.save(update_fields=["is_simulated"])
    for question in customer.questions(questions):
        dialogue.take_turn(conversation, question.text, subject=subject)
