"""Sizes as a person writes them: ``12 oz``, ``1 gal``, ``2 lb``; shipping cases and junk are dropped."""

from __future__ import annotations

import re
from functools import cache

UNITS = {
    unit: name
    for name, units in {
        "oz": "OZ,OZS,Z,REC OZ",
        "fl oz": "FL OZ",
        "lb": "LB,LBS",
        "ct": "CT,COUNT",
        "gal": "GA,GAL",
        "ml": "ML",
        "L": "L,LT,LTR,LRT",
        "pt": "PT",
        "qt": "QT",
        "dozen": "DZ,DZN,DOZ",
        "pack": "PK,PCK,PKS,P",
        "ft": "FT",
        "sq ft": "SQ FT",
        "g": "G,GM",
        "pieces": "PC,PCS",
        "in": "IN",
        "cm": "CM",
        "yd": "YD",
        "loads": "LOAD,LOADS,LD,LDS",
        "stems": "STEM,STEMS",
        "rolls": "ROLL,ROLLS",
        "sheets": "SHEETS",
        "uses": "USE,USES",
    }.items()
    for unit in units.split(",")
}
ALONE = {
    "PT": "1 pt",
    "QT": "1 qt",
    "GAL": "1 gal",
    "HALF GAL": "1/2 gal",
    "DZ": "1 dozen",
    "DOZ": "1 dozen",
    "LARGE": "large",
    "MEDIUM": "medium",
    "MED": "medium",
    "MED.": "medium",
    "SMALL": "small",
    "MINI": "mini",
}
ONE = {"pieces": "piece", "loads": "load", "stems": "stem", "rolls": "roll", "sheets": "sheet", "uses": "use"}
# More than this is a case as the warehouse ships it, not what a customer carries home.
MOST = {"oz": 320, "fl oz": 320, "lb": 40, "ct": 1_000, "gal": 6, "ml": 4_000, "L": 6, "pack": 48, "dozen": 5}
MOST_TOGETHER = {"oz": 450, "fl oz": 450, "lb": 40, "ml": 9_000, "L": 20}
# Fruit and vegetables come loose from cases ("40 LB" of bananas); these are bags that are sold as such.
FRESH = {"lb": 5, "ct": 6}
BAGGED = frozenset({"POTATOES", "ONIONS", "CITRUS", "APPLES"})
LOOSE = frozenset({"MELONS"})

DECIMAL = r"\d*\.?\d+"
# "1/2 GAL" is half a gallon, while "4/4 OZ" is four of four ounces.
FRACTION = r"1/2|[13]/4|[1357]/8"
NUMBER = rf"\d+ (?:{FRACTION})|{FRACTION}|{DECIMAL}"
UNIT = "|".join(sorted((re.escape(unit) for unit in UNITS), key=len, reverse=True))
SINGLE = re.compile(rf"({NUMBER})[ -]*({UNIT})\.?(?: (?:BTL|CAN|BAG|BOX|PET|NR|TUBE|JAR|AEROS|LOOSE|TUB))?")
MANY = re.compile(rf"(\d+) ?(?:PK|P|PACK)?\s*[/-]\s*({NUMBER}) ?(OZ|Z|FL OZ|ML|L|LT|LRT|PT|QT|GAL|G)")
MANY_AFTER = re.compile(rf"({NUMBER}) ?({UNIT})\s*/?\s*(\d+) ?(?:PK|P)")
MANY_SPACED = re.compile(rf"(\d+) PK\s+({NUMBER}) ?({UNIT})")
# "10 CT/12 OZ" and "12 OZ/10 CT" are ten that weigh twelve ounces together.
TOGETHER = re.compile(rf"\d+ ?CT\s*/?\s*({NUMBER}) ?({UNIT})|({NUMBER}) ?({UNIT})\s*/?\s*\d+ ?CT")
JUNK = re.compile(r"(?:AB|ALL|BD|[A-Z]) {2,}(?=[\d.])|\([^)]*\)|\*")


@cache
def size(raw: str | None, department: str = "", category: str | None = "") -> str:
    """The size as it would stand on the label; empty where there is none or what stands there is no size.

    A multipack reads ``6 x 8 oz``. Department and category tell loose fruit and vegetables, whose "size" is
    the case that they arrive in.
    """
    text = " ".join(JUNK.sub("", (raw or "").upper()).split())
    if text in ALONE:
        return ALONE[text]
    if match := SINGLE.fullmatch(text):
        if _is_loose(_amount(match[1]), UNITS[match[2]], department, category or ""):
            return ""
        return _one(match[1], match[2])
    if match := MANY.fullmatch(text) or MANY_SPACED.fullmatch(text):
        return _multipack(match[1], match[2], match[3])
    if match := MANY_AFTER.fullmatch(text):
        return _multipack(match[3], match[1], match[2])
    if match := TOGETHER.fullmatch(text):
        return _one(match[1] or match[3], match[2] or match[4])
    return ""


def _is_loose(amount: float, unit: str, department: str, category: str) -> bool:
    if department not in ("PRODUCE", "TRAVEL & LEISURE") and not category.startswith("ORGANICS FRUIT"):
        return False
    if category in LOOSE:
        return True
    return amount > FRESH.get(unit, amount) * (2 if category in BAGGED and unit == "lb" else 1)


def _multipack(count: str, number: str, raw_unit: str) -> str:
    each, unit = _one(number, raw_unit), UNITS[raw_unit]
    together = int(count) * _amount(number)
    if not each or int(count) < 2 or together > MOST_TOGETHER.get(unit, together):
        return each
    return f"{count} x {each}"


def _one(number: str, raw_unit: str) -> str:
    """A number with its unit; what is written as a fraction stays one."""
    unit, amount = UNITS[raw_unit], _amount(number)
    if not 0 < amount <= MOST.get(unit, 2_000) or (unit in ("pack", "ct") and amount == 1):
        return ""
    if unit == "pack":
        return f"{amount:g}-pack"
    shown = number if "/" in number else f"{amount:g}"
    return f"{shown} {ONE.get(unit, unit) if amount == 1 else unit}"


def _amount(number: str) -> float:
    """``10 3/4`` and ``.5`` as numbers."""
    total = 0.0
    for part in number.split():
        above, _, below = part.partition("/")
        total += float(above) / float(below or 1)
    return total
