"""Entries that nobody asks for."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from ..models import Entry, Message


def quiet_entries(days: int = 30) -> QuerySet[Entry]:
    """Published entries that answered nothing in the last ``days``, but those younger than that.

    An entry bound to a skill is asked for under the skill's name, too. Simulated conversations count not.
    """
    since = timezone.now() - timedelta(days=days)
    said = Message.objects.filter(created_at__gte=since, conversation__is_simulated=False)
    by_slug = said.filter(topic=OuterRef("slug"))
    by_skill = said.filter(topic=OuterRef("skill")).exclude(topic="")
    return Entry.objects.filter(~Exists(by_slug), ~Exists(by_skill), is_published=True, created_at__lt=since)
