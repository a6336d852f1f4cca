"""Invented customers: a name, an address, a coupon's title. None of them is anybody."""

from __future__ import annotations

import unicodedata
from collections.abc import Container
from datetime import date

from shop.naming.tables import words

GIVEN = words("given_names.txt")
FAMILY = words("family_names.txt")
STREETS = words("streets.txt")
KINDS = ("Street", "Avenue", "Road", "Lane", "Drive", "Court")
TOWNS = (
    ("Alder Falls", "45901"),
    ("Brookhaven Mills", "45917"),
    ("Cedar Bend", "45926"),
    ("Clearwater Heights", "45933"),
    ("East Larkfield", "45948"),
    ("Fairmeadow", "45952"),
    ("Harlow Springs", "45964"),
    ("Linden Grove", "45977"),
    ("Millbrook Landing", "45985"),
    ("North Ashby", "45992"),
)
SEASONS = ("Winter", "Spring", "Summer", "Autumn")
# Coprime with the number of pairs, so that consecutive households land far apart and no two on one pair.
STEP = 7_919


def person(household: int) -> tuple[str, str]:
    """A given and a family name, no two of 60,000 households the same."""
    at = household * STEP % (len(GIVEN) * len(FAMILY))
    return GIVEN[at % len(GIVEN)], FAMILY[at // len(GIVEN)]


def free_username(given: str, family: str, taken: Container[str]) -> str:
    """``maria.lopez``, or with the first free number behind it where the shop knows one already."""
    plain = unicodedata.normalize("NFKD", f"{given}.{family}").encode("ascii", "ignore").decode().lower()
    username, number = plain, 1
    while username in taken:
        number += 1
        username = f"{plain}{number}"
    return username


def address(household: int) -> dict[str, str]:
    """Street, postcode, city and country, in a county that is on no map."""
    town, postcode = TOWNS[household % len(TOWNS)]
    street = STREETS[household * 31 % len(STREETS)]
    kind = KINDS[household * 17 // 7 % len(KINDS)]
    number = 1 + household * 53 % 980
    return {"street": f"{number} {street} {kind}", "postcode": postcode, "city": town, "country": "US"}


def coupon_title(begins: date, percent: int) -> str:
    """``Spring savings: 10 % off``"""
    return f"{SEASONS[begins.month % 12 // 3]} savings: {percent} % off"
