"""What the bot would say, and why: for a terminal. Nothing is stored and nothing is changed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, transaction
from django.utils import translation

from support_bot import answers, dialogue
from support_bot.adapters import get_adapter
from support_bot.types import Reply, Subject

BAD_ARGUMENTS: Final = 2


class Command(BaseCommand):
    help = (
        "Print what a customer who asks this would be answered. The conversation is thrown away and what "
        "needs a customer's yes is only proposed. Exit status: 0 done, 1 failed, 2 bad arguments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("question", help="What the customer says.")
        parser.add_argument("--user", help="User name, or the user's key; nobody by default.")
        parser.add_argument("--language", help="The language to answer in; the question's by default.")
        parser.add_argument("--explain", action="store_true", help="Print the ranking and what decided.")

    def handle(self, *_args: Any, **options: Any) -> None:
        language = options["language"] or ""
        known = dict(django_settings.LANGUAGES)
        if language and language not in known:
            text = f"--language is {language!r}; it must be one of {', '.join(known)}"
            raise CommandError(text, returncode=BAD_ARGUMENTS)
        try:
            with translation.override(language or django_settings.LANGUAGE_CODE):
                subject = self._subject(options["user"])
                self._answer(options["question"], subject, language)
                if options["explain"]:
                    self._explain(options["question"], subject, language)
        except DatabaseError as error:
            raise CommandError(f"The app's tables cannot be used: {error}. Run manage.py migrate.") from error

    def _subject(self, text: str | None) -> Subject:
        """The person of that user name, else of that key; nobody without one."""
        if text is None:
            return Subject(language=translation.get_language() or "")
        adapter = get_adapter()
        user = None if "\x00" in text else _user(text)  # PostgreSQL does not compare with a NUL
        key = adapter.user_key(user) if user is not None else text
        subject = adapter.subject_for(key) if key is not None else None
        if subject is None or subject.user_key is None:
            text = f"There is no user {text!r}, neither by name nor by key"
            raise CommandError(text, returncode=BAD_ARGUMENTS)
        return subject

    def _answer(self, question: str, subject: Subject, language: str) -> None:
        """One turn of a conversation that is rolled back."""
        with transaction.atomic():
            opened = dialogue.open_conversation(subject, language=language or None)
            reply = dialogue.take_turn(opened.conversation, question, subject=subject).reply
            transaction.set_rollback(True)
        if reply is None:
            raise CommandError("The bot has no reply; the log says why")
        self._show(reply)

    def _show(self, reply: Reply) -> None:
        sure = "" if reply.confidence is None else f", confidence {reply.confidence:.2f}"
        topic = f", {reply.topic}" if reply.topic else ""
        self.stdout.write(self.style.MIGRATE_HEADING(f"[{reply.kind}{topic}{sure}]"))
        self.stdout.write(reply.text)
        for card in reply.cards:
            fields = ", ".join(f"{name}: {value}" for name, value in card.fields)
            self.stdout.write(f"  {card.type}: {card.title} {fields}".rstrip())
        if reply.confirm:
            self.stdout.write(f"  to confirm: {reply.confirm.label}")
        for suggestion in reply.suggestions:
            self.stdout.write(f"  > {suggestion.label}")
        for citation in reply.citations:
            self.stdout.write(f"  from: {citation.question} {citation.url}".rstrip())

    def _explain(self, question: str, subject: Subject, language: str) -> None:
        why = answers.explain(
            question, subject=subject, profile=get_adapter().profile(subject), language=language or None
        )
        found = why.found
        build = f"build {found.build}" if found.build else "words and letters alone, no build"
        self.stdout.write(f"\n{why.reason} Language {found.language}, {build}, {why.milliseconds:.1f} ms.")
        if found.degraded:
            self.stdout.write(self.style.WARNING(found.degraded))
        names = ("confidence", "lexical", "semantic", "intent")
        self.stdout.write(" ".join(f"{name:>10}" for name in names) + "  label (nearest phrasing)")
        for one in why.ranking:
            figures = " ".join(f"{getattr(one.candidate, name):>10.3f}" for name in names)
            hidden = f" [{one.why_not}]" if one.why_not else ""
            self.stdout.write(f"{figures}  {one.label} ({one.candidate.phrasing}){hidden}")


def _user(text: str) -> Any:
    users = get_user_model()._default_manager
    found = users.filter(**{get_user_model().USERNAME_FIELD: text}).first()
    if found is None:
        with suppress(ValueError, ValidationError, OverflowError):  # no primary key looks like this
            found = users.filter(pk=text).first()
    return found
