"""Figures, times and people in words.

The JSON columns are read as if a stranger had written them: a missing, misspelt or mistyped entry shows as a
dash and never takes the page down with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from support_bot.clock import local
from support_bot.models import Message

DASH = "–"


def mapping(value: object) -> dict[str, Any]:
    """``value`` when it is a JSON object, else an empty one."""
    return {str(key): entry for key, entry in value.items()} if isinstance(value, Mapping) else {}


def rows(value: object) -> list[dict[str, Any]]:
    """The JSON objects of a list; whatever else stands there is left out."""
    listed = value if isinstance(value, list | tuple) else []
    return [mapping(entry) for entry in listed if isinstance(entry, Mapping)]


def number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 and math.isfinite(value) else None


def figure(value: object, digits: int = 3) -> str:
    """A number in the reader's notation (whole ones without decimals); a dash for anything else."""
    found = number(value)
    if found is None:
        return DASH
    shown = str(value) if isinstance(value, int) else f"{found:.{digits}f}"
    return str(number_format(shown, use_l10n=True, force_grouping=True))


def percent(value: object, digits: int = 1) -> str:
    """A share between 0 and 1 as "93.5 %"; a dash where there is none."""
    found = number(value)
    return DASH if found is None else f"{number_format(f'{100 * found:.{digits}f}', use_l10n=True)} %"


def share(part: int, whole: int) -> str:
    """``part`` of ``whole`` in per cent; a dash when there is no whole."""
    return percent(part / whole) if whole else DASH


def text(value: object, limit: int = 500) -> str:
    """A value of unknown kind on one line, cut at ``limit`` characters."""
    words = "" if value is None else str(value)
    return (words if len(words) <= limit else words[:limit] + "…") or DASH


def duration(value: timedelta | float | None) -> str:
    """A span in words: "0.4 s", "42 s", "3 min 5 s", "2 h 10 min", "3 d 4 h"."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else number(value)
    if seconds is None or seconds < 0:
        return DASH
    if seconds < 10:
        return _("%(seconds)s s") % {"seconds": number_format(f"{seconds:.1f}", use_l10n=True)}
    if seconds < 60:
        return _("%(seconds)d s") % {"seconds": seconds}
    if seconds < 3600:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": seconds // 60, "seconds": seconds % 60}
    if seconds < 86400:
        return _("%(hours)d h %(minutes)d min") % {"hours": seconds // 3600, "minutes": seconds % 3600 // 60}
    return _("%(days)d d %(hours)d h") % {"days": seconds // 86400, "hours": seconds % 86400 // 3600}


def milliseconds(value: float | None) -> str:
    """A response time: "4.2 ms", "1.3 s"."""
    if value is None:
        return DASH
    if value >= 1000:
        return duration(value / 1000)
    return _("%(figure)s ms") % {"figure": number_format(f"{value:.1f}", use_l10n=True)}


def moment(value: datetime | None) -> str:
    """A time in the reader's zone and notation."""
    return DASH if value is None else date_format(local(value), "SHORT_DATETIME_FORMAT")


def user_name(row: Model, column: str) -> str:
    """The login name behind a foreign key to a user; empty for none. The user may be long gone."""
    key = getattr(row, f"{column}_id")
    if key is None:
        return ""
    try:
        user = getattr(row, column)
    except get_user_model().DoesNotExist:
        user = None
    return user.get_username() if user is not None else _("user %(key)s (deleted)") % {"key": key}


def language_name(code: str) -> str:
    """A language's name as the host's settings give it; the code where they do not list it."""
    return str(dict(django_settings.LANGUAGES).get(code, code)) or DASH


def emotion(code: str) -> str:
    """What a customer feels, as a word; empty for neutral."""
    words = {
        "anger": _("angry"),
        "worry": _("worried"),
        "thanks": _("thankful"),
        "urgency": _("in a hurry"),
        "neutral": "",
    }
    return str(words.get(code, code))


def kind(code: str) -> str:
    """What a reply was, as a word."""
    words = {
        "answer": _("answer"),
        "action": _("action"),
        "clarify": _("did you mean"),
        "hand_over": _("hand-over"),
        "small_talk": _("small talk"),
        "person": _("a person"),
    }
    return str(words.get(code, code))


def reason(code: str) -> str:
    """Why a person was needed, as a sentence part."""
    words = {
        "asked": _("asked for a person"),
        "unanswered": _("no answer found"),
        "anger": _("is angry"),
        "repeated": _("asked again and again"),
        "skill": _("the bot may not do it"),
    }
    return str(words.get(code, code.replace("_", " ")))


def author(message: Message) -> str:
    """Who wrote a message: a member of staff by name."""
    if message.author == Message.Author.PERSON:
        return user_name(message, "staff") or str(message.get_author_display())
    return str(message.get_author_display())


def reader_language() -> str:
    """The language in which this page is read, as entries name theirs."""
    return get_language() or django_settings.LANGUAGE_CODE
