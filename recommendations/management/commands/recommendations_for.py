"""What one person would be shown now, and why: for a terminal."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommendations.adapters import get_adapter
from recommendations.conf import settings
from recommendations.serving import get_recommendations
from recommendations.types import Recommendation, Subject


class Command(BaseCommand):
    help = "Print what this customer would be shown now. Exit status: 0 done, 2 bad arguments."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="User name, or the user's key (primary key).")
        parser.add_argument(
            "--placement",
            action="append",
            metavar="SLUG",
            help=f"One of {', '.join(settings.PLACEMENTS)}; may be given several times, all by default.",
        )
        parser.add_argument("--item", help="Key of the item that the page is about.")
        parser.add_argument(
            "--limit", type=int, help="At most this many items; the placement's own by default."
        )
        parser.add_argument("--explain", action="store_true", help="Say which purchases led to each item.")

    def handle(self, *_args: Any, **options: Any) -> None:
        unknown = [slug for slug in options["placement"] or [] if slug not in settings.PLACEMENTS]
        if unknown:
            known = ", ".join(settings.PLACEMENTS)
            raise CommandError(f"There is no placement {unknown[0]!r}; there are {known}", returncode=2)
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError(f"--limit must be at least 1, got {options['limit']}", returncode=2)
        subject = self._subject(options["user"])
        self.stdout.write(f"Customer {subject.user_key}: {len(subject.recent)} recent purchases")
        for slug in options["placement"] or settings.PLACEMENTS:
            self._show(slug, subject, options)

    def _subject(self, text: str) -> Subject:
        """The person of that user name; else of that key."""
        adapter = get_adapter()
        user = None if "\x00" in text else _user(text)  # PostgreSQL does not compare with a NUL
        key = adapter.user_key(user) if user is not None else text
        subject = adapter.subject_for(key) if key is not None else None
        if subject is None or subject.user_key is None or (user is None and not subject.recent):
            raise CommandError(f"There is no user {text!r}, neither by name nor by key", returncode=2)
        return subject

    def _show(self, slug: str, subject: Subject, options: dict[str, Any]) -> None:
        served = get_recommendations(
            slug, subject=subject, item=options["item"], limit=options["limit"], explain=options["explain"]
        )
        run = f"run {served.run}" if served.run else "no model"
        self.stdout.write(f"\n{slug}: {served.title} ({run})")
        if not served.items:
            self.stdout.write(f"  nothing: {served.reason}")
        for entry in served.items:
            self._line(entry, options["explain"])

    def _line(self, entry: Recommendation, explain: bool) -> None:
        self.stdout.write(
            f"  {entry.rank:>3}  {entry.score:>9.4f}  {entry.source:15} {entry.algorithm:15} "
            f"{entry.key:>10}  {entry.item}"
        )
        for reason in entry.reasons if explain else ():
            share = f"{reason.share:.0%} " if reason.share is not None else ""
            self.stdout.write(f"       {share}{reason.text}")


def _user(text: str) -> Any:
    users = get_user_model()._default_manager
    found = users.filter(**{get_user_model().USERNAME_FIELD: text}).first()
    if found is None:
        with suppress(ValueError, ValidationError, OverflowError):  # no primary key looks like this
            found = users.filter(pk=text).first()
    return found
