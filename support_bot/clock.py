"""Times with and without ``USE_TZ``: Django's own helpers refuse the naive ones of a host without it."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.utils import timezone


def local(moment: datetime) -> datetime:
    """The moment in the current time zone; without ``USE_TZ`` it is there already."""
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def today() -> date:
    """The day in the current time zone."""
    return local(timezone.now()).date()


def as_stored(moment: datetime) -> datetime:
    """The moment as the database takes it: aware with ``USE_TZ``, naive without."""
    if settings.USE_TZ:
        return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return moment if timezone.is_naive(moment) else timezone.make_naive(moment)
