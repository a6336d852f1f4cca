"""Personal data out of what is stored: e-mail addresses, phone and card numbers give way to a label.

Order numbers, prices and dates stay, for a conversation cannot be understood without them. Where the shop's
order numbers are bare digits, a number that is one is not taken for a phone number; a payment card is
recognized by its check digit and masked all the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

EMAIL, PHONE, CARD = "[e-mail]", "[phone]", "[card]"
MAX_LENGTH: Final = 2_000  # characters of a message, as the API takes them

Span = tuple[int, int]

_EMAIL: Final = re.compile(r"[\w.+%'-]{1,64}[@＠](?:[\w-]{1,63}[.．]){1,8}[^\W\d_]{2,24}")
# A payment card is 13 to 19 digits in one piece or in the groups that are printed on it (ISO/IEC 7812); the
# first digit of every network is 2 to 6. Looked for at each position, for another number may stand before it.
_CARD: Final = re.compile(
    r"(?<!\d)(?=[2-6２-６])(?=("
    r"\d{4}([ \u00a0-])\d{4}\2\d{4}\2\d{4}(?:\2\d{1,3})?"
    r"|\d{4}([ \u00a0-])\d{6}\3\d{4,5}"
    r"|\d{13,19}"
    r")(?!\d))"
)
_GAP: Final = r"[\s.\u00b7-]"
_PHONES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # International: + or 00, seven to fifteen digits (ITU-T E.164) however they are grouped.
        rf"(?<![\w+])[+＋](?:{_GAP}?[(/]?\d[)/]?){{7,15}}(?!\d)",
        rf"(?<!\w)(?<!\d[.,-])00[1-9](?:{_GAP}?[(/]?\d[)/]?){{7,13}}(?!\d)",
        # Chinese mobile, with or without gaps; landline with its area code.
        rf"(?<!\d)(?<!\d[.,-])1[3-9]\d(?:{_GAP}?\d{{4}}){{2}}(?!\d)(?!{_GAP}\d)",
        r"(?<!\d)(?<!\d[.,-])0\d{2,3}[\s-]\d{7,8}(?!\d)",
        # North America: (212) 555-0199, 212-555-0199, 212.555.0199, 212 555 0199, 2125550199, also after a 1.
        rf"(?<!\d)(?<!\d[.,-])(?:1{_GAP})?(?:\([2-9]\d\d\)\s?|[2-9]\d\d{_GAP})[2-9]\d\d{_GAP}\d{{4}}(?!\d)(?!{_GAP}\d)",
        r"(?<!\w)(?<!\d[.,-])1?[2-9]\d\d[2-9]\d{6}(?![\w])(?![.,]\d)",
    )
)
_MONEY_BEFORE: Final = re.compile(r"(?:[$€£¥￥]|\b(?:USD|EUR|GBP|CNY|RMB))\s?$", re.IGNORECASE)
_MONEY_AFTER: Final = re.compile(
    r"^\s?(?:[$€£¥￥元块]|(?:USD|EUR|GBP|CNY|RMB|dollars?|euros?)\b)", re.IGNORECASE
)
# Overrides of writing direction: they can make a text read as something else than it is.
_UNSEEN: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def clean(text: str) -> str:
    """``text`` as it can be stored: no control characters (NUL among them), no lone surrogates, no overrides
    of writing direction, NFC, at most ``MAX_LENGTH`` characters, no white space around it.
    """
    kept = "".join(
        char
        for char in text[: 2 * MAX_LENGTH].replace("\r\n", "\n").replace("\r", "\n")
        if char in "\n\t" or (char not in _UNSEEN and unicodedata.category(char) not in ("Cc", "Cs"))
    )
    return unicodedata.normalize("NFC", kept)[:MAX_LENGTH].strip()


def email_in(text: str) -> str:
    """The first e-mail address in ``text``, empty where there is none that Django would take."""
    found = _EMAIL.search(unicodedata.normalize("NFKC", text[: 2 * MAX_LENGTH]))
    try:
        validate_email(found[0] if found else "")
    except ValidationError:
        return ""
    return found[0] if found else ""


def mask(text: str, *, order_pattern: str | None = None) -> str:
    """``text`` with ``[e-mail]``, ``[phone]`` and ``[card]`` in the place of such data.

    ``order_pattern`` is the adapter's: what it matches stays, unless it is all digits and a payment card.
    """
    text = _EMAIL.sub(EMAIL, text)
    kept = list(_order_numbers(text, order_pattern))
    text = _replaced(text, [span for span in _cards(text) if not _within(span, kept, text)], CARD)
    for pattern in _PHONES:
        kept = list(_order_numbers(text, order_pattern))
        found = [match.span() for match in pattern.finditer(text)]
        text = _replaced(
            text, [span for span in found if not _touches(span, kept) and not _is_money(span, text)], PHONE
        )
    return text


def _order_numbers(text: str, pattern: str | None) -> Iterator[Span]:
    if pattern:
        yield from (match.span() for match in re.finditer(pattern, text, re.IGNORECASE) if match.group())


def _cards(text: str) -> Iterator[Span]:
    end = 0
    for match in _CARD.finditer(text):
        if match.start() >= end and passes_luhn(match.group(1)):
            end = match.end(1)
            yield match.span(1)


def passes_luhn(number: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    digits = [int(char) for char in reversed(number) if char.isdecimal()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _within(span: Span, kept: list[Span], text: str) -> bool:
    """Whether a card number is part of an order number that has letters too."""
    return any(
        start <= span[0] and span[1] <= end and any(char.isalpha() for char in text[start:end])
        for start, end in kept
    )


def _touches(span: Span, kept: list[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in kept)


def _is_money(span: Span, text: str) -> bool:
    return bool(_MONEY_BEFORE.search(text[: span[0]]) or _MONEY_AFTER.match(text[span[1] :]))


def _replaced(text: str, spans: list[Span], label: str) -> str:
    for start, end in reversed(spans):
        text = text[:start] + label + text[end:]
    return text
