"""The period that a page is about: two dates, and whether it counts real conversations or simulated ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from support_bot.clock import as_stored, today
from support_bot.insights import Period

DAYS = 30
SHORTCUTS = (7, 30, 90, 365)
MAX_DAYS = 3660


class PeriodForm(forms.Form):
    """``start`` to ``end``, both days included; the last thirty days unless told otherwise."""

    start = forms.DateField(
        label=pgettext_lazy("day", "From"), required=False, widget=forms.DateInput({"type": "date"})
    )
    end = forms.DateField(
        label=pgettext_lazy("day", "To"), required=False, widget=forms.DateInput({"type": "date"})
    )
    of = forms.ChoiceField(
        label=gettext_lazy("Conversations"),
        required=False,
        choices=[("real", gettext_lazy("real")), ("simulated", gettext_lazy("simulated"))],
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = _days(cleaned)
        if start > end:
            self.add_error("end", _("The last day is before the first."))
        elif (end - start).days > MAX_DAYS:
            self.add_error("start", _("At most %d days at once.") % MAX_DAYS)
        return cleaned

    def period(self) -> Period:
        """What was asked for; the usual period while the form has an error."""
        asked = self.cleaned_data if self.is_valid() else {}
        start, end = _days(asked)
        return Period(_midnight(start), _midnight(end + timedelta(days=1)), asked.get("of") == "simulated")


def period_form(query: Mapping[str, Any]) -> PeriodForm:
    """The form over a page's query, its fields filled in with what they mean when left empty."""
    start, end = _days({})
    usual = {"start": start.isoformat(), "end": end.isoformat(), "of": "real"}
    given = {name: query[name] for name in usual if query.get(name)}
    return PeriodForm({**usual, **given})


def shortcuts() -> list[dict[str, Any]]:
    """The last 7, 30, … days as links."""
    end = today()
    return [
        {
            "label": _("last %d days") % days,
            "query": f"?start={end - timedelta(days=days - 1)}&end={end}",
        }
        for days in SHORTCUTS
    ]


def _days(asked: Mapping[str, Any]) -> tuple[date, date]:
    end = asked.get("end") or today()
    return asked.get("start") or end - timedelta(days=DAYS - 1), end


def _midnight(day: date) -> datetime:
    return as_stored(datetime.combine(day, time.min))
