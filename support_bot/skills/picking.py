"""Which of a list that was shown a message points at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from support_bot.nlu.entities import Entities

_NUMBER: Final = re.compile(r"-?\d+")
_WORDS: Final = {
    word: number
    for number, words in enumerate(
        (
            ("one", "single", "一"),
            ("two", "both", "两", "二"),
            ("three", "三"),
            ("four", "四"),
            ("five", "五"),
            ("six", "六"),
            ("seven", "七"),
            ("eight", "八"),
            ("nine", "九"),
            ("ten", "十"),
        ),
        1,
    )
    for word in words
}
_ALL: Final = re.compile(r"\b(all|everything|every one|the lot)\b|全部|所有|都", re.IGNORECASE)


def picked(listed: Sequence[str], entities: Entities, current: str = "") -> str | None:
    """The one that "the second one", "the last one" or "the other one" means; None when nothing is said so.

    ``entities.ordinals`` count from 1, and from the end below 0. ``current`` is what was talked about.
    """
    for ordinal in entities.ordinals:
        if 0 < ordinal <= len(listed):
            return listed[ordinal - 1]
        if -len(listed) <= ordinal < 0:
            return listed[ordinal]
    if entities.other and current:
        others = [one for one in listed if one != current]
        return others[0] if len(others) == 1 else None
    return None


def quantity_in(text: str, most: int) -> int | None:
    """A number of units from 1 to ``most`` that the text names, in digits or words; "all" is ``most``."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    if found := _NUMBER.search(plain):
        number = int(found[0][:6])
        return number if 1 <= number <= most else None
    if _ALL.search(plain):
        return most
    spoken = [
        _WORDS[word] for word in re.findall(r"[a-z]+|[一二两三四五六七八九十]", plain) if word in _WORDS
    ]
    return spoken[0] if spoken and spoken[0] <= most else None
