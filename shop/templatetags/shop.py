"""How the shop's pages write prices and stars."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def money(value: Decimal | None) -> str:
    """A price with its currency, grouped as the reader's language does: ``$1,234.50``; empty for None."""
    if value is None:
        return ""
    sign = "−" if value < 0 else ""
    return f"{sign}${number_format(abs(value), 2, use_l10n=True, force_grouping=True)}"


@register.filter
def stars(value: float | None) -> str:
    """Five characters, full for every star given; the template says the number to screen readers."""
    full = round(value or 0)
    return "★" * full + "☆" * (5 - full)
