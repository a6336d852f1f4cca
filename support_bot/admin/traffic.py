"""How often entries were asked for, and what customers thought of their answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from support_bot.models import Entry, Message


@dataclass(frozen=True, slots=True)
class Traffic:
    asked: int = 0
    helpful: int = 0
    votes: int = 0


NONE = Traffic()


def of(entries: Iterable[Entry], days: int) -> dict[int, Traffic]:
    """By the entries' keys, in one query: answers with the entry, or by its skill, in its language.

    Simulated conversations are no traffic.
    """
    listed = list(entries)
    topics = {entry.slug for entry in listed} | {entry.skill for entry in listed if entry.skill}
    said = Message.objects.filter(
        topic__in=topics,
        author=Message.Author.BOT,
        created_at__gte=timezone.now() - timedelta(days=days),
        conversation__is_simulated=False,
    )
    counted = (
        said.order_by()
        .values_list("topic", "language")
        .annotate(
            asked=Count("pk"),
            helpful=Count("feedback", filter=Q(feedback__helpful=True)),
            votes=Count("feedback"),
        )
    )
    found = {(topic, language): Traffic(*counts) for topic, language, *counts in counted}
    return {
        entry.pk: _sum(
            found.get((topic, entry.language), NONE) for topic in {entry.slug, entry.skill} if topic
        )
        for entry in listed
    }


def _sum(parts: Iterable[Traffic]) -> Traffic:
    listed = list(parts)
    return Traffic(
        sum(one.asked for one in listed), sum(one.helpful for one in listed), sum(one.votes for one in listed)
    )
