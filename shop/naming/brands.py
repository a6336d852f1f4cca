"""Invented brands: one a manufacturer, one house brand for the grocer's own labels."""

from __future__ import annotations

from shop.naming.tables import words

HOUSE_BRAND = "Corner Pantry"
FIRST = words("brand_first.txt")
SECOND = words("brand_second.txt")
# Coprime with the number of pairs: neighbouring manufacturers get unlike names, and no two the same.
STEP = 4_937


def brand(manufacturer: int, kind: str) -> str:
    """``Hollow Creek``; the grocer's own labels (``Private``) share the house brand."""
    if kind == "Private":
        return HOUSE_BRAND
    at = manufacturer * STEP % (len(FIRST) * len(SECOND))
    first, second = FIRST[at % len(FIRST)], SECOND[at // len(FIRST)]
    return f"{first} {second}" if first != second else f"Old {second}"
