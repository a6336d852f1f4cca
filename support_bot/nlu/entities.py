"""What is named in a message: order numbers, days, money, addresses, "the second one", yes and no."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, NamedTuple

from .dates import chinese_number, find_dates
from .normalize import clean

MOST: Final = 10  # of a kind; a message that lists more is no question


class Amount(NamedTuple):
    """A sum of money; ``currency`` is an ISO 4217 code, empty where the text leaves it open (``12元``)."""

    value: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Entities:
    """What a message names, in the order of its text.

    ``order_numbers`` are in the shop's own spelling. ``dates`` are periods, first and last day included.
    ``ordinals`` count from 1, and from the end below 0 ("the last one" is -1). ``other`` is "the other
    order", "not that one". ``yes`` and ``no`` are only set when the message is little else: "yes, but how
    much is it?" is neither.
    """

    order_numbers: tuple[str, ...] = ()
    dates: tuple[tuple[date, date], ...] = ()
    amounts: tuple[Amount, ...] = ()
    emails: tuple[str, ...] = ()
    ordinals: tuple[int, ...] = ()
    other: bool = False
    yes: bool = False
    no: bool = False


def find_entities(text: str, *, language: str, order_pattern: str | None, now: datetime) -> Entities:
    """What ``text`` names; English and Chinese are read whatever ``language`` says.

    ``language`` decides how ``3/5`` is read (see :mod:`support_bot.nlu.dates`), ``now``, in local time, what
    "yesterday" is. ``order_pattern`` is the shop's regular expression for its order numbers; they are found
    in lower case, with the wrong dashes and with spaces inside, too. Never raises on any text.
    """
    left = clean(text)
    emails, left = _take(_EMAIL, left)
    numbers, left = _order_numbers(left, order_pattern)
    days = find_dates(left, today=now.date(), language=language)
    for day in days:
        left = _blanked(left, day.start, day.end)
    amounts, left = _amounts(left, language)
    return Entities(
        order_numbers=tuple(dict.fromkeys(numbers))[:MOST],
        dates=tuple((day.first, day.last) for day in days)[:MOST],
        amounts=tuple(amounts)[:MOST],
        emails=tuple(dict.fromkeys(emails))[:MOST],
        ordinals=tuple(dict.fromkeys(_ordinals(left)))[:MOST],
        other=_OTHER.search(left) is not None,
        yes=_says(_YES, left),
        no=_says(_NO, left),
    )


def _take(pattern: re.Pattern[str], text: str) -> tuple[list[str], str]:
    """All matches, and the text without them."""
    found = [match[0] for match in pattern.finditer(text)]
    return found, pattern.sub(lambda match: " " * len(match[0]), text)


def _blanked(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


@lru_cache(maxsize=8)
def _compiled(pattern: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(pattern), re.compile(pattern, re.IGNORECASE)


_TOKEN: Final = re.compile(r"[A-Za-z0-9]+")
_GAP: Final = re.compile(r"[\s\-‐‑‒–—−_.:#/]{1,3}")
_PIECES: Final = 6
_PIECE: Final = 3  # characters, of every piece but the first: "CJ 123 456", and not "CJ 123456 2 bags"


def _order_numbers(text: str, pattern: str | None) -> tuple[list[str], str]:
    """The numbers in the shop's spelling, and the text without them: as written first, then mended ones."""
    if not pattern:
        return [], text
    found: list[tuple[int, str]] = []
    left = text
    for match in _compiled(pattern)[1].finditer(text):
        if match[0]:
            found.append((match.start(), _spelled(match[0], pattern) or match[0]))
            left = _blanked(left, *match.span())
    tokens = list(_TOKEN.finditer(left))
    place = 0
    while place < len(tokens):
        used = 1
        for count in range(min(_PIECES, len(tokens) - place), 0, -1):
            pieces = tokens[place : place + count]
            if _hang_together(left, pieces) and (number := _mended([piece[0] for piece in pieces], pattern)):
                found.append((pieces[0].start(), number))
                left = _blanked(left, pieces[0].start(), pieces[-1].end())
                used = count
                break
        place += used
    return [number for _start, number in sorted(found)], left


def _hang_together(text: str, pieces: list[re.Match[str]]) -> bool:
    gaps = [text[one.end() : other.start()] for one, other in itertools.pairwise(pieces)]
    return all(map(_GAP.fullmatch, gaps)) and all(len(piece[0]) >= _PIECE for piece in pieces[1:])


def _mended(pieces: list[str], pattern: str) -> str | None:
    """The order number that the pieces are when they are written together, with a dash or with dashes."""
    joined = "".join(pieces)
    if not any(char.isdigit() for char in joined):
        return None
    letters = re.match(r"[A-Za-z]+", joined)
    if letters is None and len(pieces) > 1:  # digits with spaces are a telephone number more often than not
        return _spelled("-".join(pieces), pattern)
    forms = ["-".join(pieces), joined]
    if letters is not None:
        forms.insert(0, f"{letters[0]}-{joined[letters.end() :]}")
    return next((number for form in forms if (number := _spelled(form, pattern))), None)


def _spelled(form: str, pattern: str) -> str | None:
    """``form`` in the case that the pattern has, None when it is no order number in any."""
    exact, any_case = _compiled(pattern)
    for spelling in (form.upper(), form, form.lower()):
        if exact.fullmatch(spelling):
            return spelling
    return form if any_case.fullmatch(form) else None


_CODES: Final = {
    "$": "USD",
    "us$": "USD",
    "usd": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "bucks": "USD",
    "美元": "USD",
    "美金": "USD",
    "刀": "USD",
    "£": "GBP",
    "gbp": "GBP",
    "pounds": "GBP",
    "英镑": "GBP",
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "欧元": "EUR",
    "cny": "CNY",
    "rmb": "CNY",
    "yuan": "CNY",
    "人民币": "CNY",
    "jpy": "JPY",
    "yen": "JPY",
    "日元": "JPY",
    "元": "",
    "块": "",
    "块钱": "",
}
_NUMBER: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,9}(?:\.\d{1,2})?"
_AFTER: Final = (
    r"usd|dollars?|bucks|gbp|pounds|eur(?:os?)?|cny|rmb|yuan|jpy|yen|[$€£¥]"
    r"|美元|美金|人民币|英镑|欧元|日元|块钱|块|元|刀"
)
_MONEY: Final = re.compile(
    rf"(?P<before>us\$|[$€£¥]|\b(?:usd|eur|gbp|cny|rmb)\b)\s?(?P<a>{_NUMBER})(?!\d)"
    rf"|(?<![\d.,])(?P<b>{_NUMBER}|[一二两三四五六七八九十]{{1,3}}(?=块|元|美))\s?(?P<after>{_AFTER})(?![a-z])",
    re.IGNORECASE,
)


def _amounts(text: str, language: str) -> tuple[list[Amount], str]:
    found = []
    for match in _MONEY.finditer(text):
        sign = (match["before"] or match["after"]).lower()
        currency = ("CNY" if language.startswith("zh") else "JPY") if sign == "¥" else _CODES[sign]
        try:
            written = (match["a"] or match["b"]).replace(",", "")
            value = Decimal(written) if written.isascii() else Decimal(chinese_number(written))
        except (InvalidOperation, ValueError):
            continue
        found.append(Amount(value, currency))
        text = _blanked(text, *match.span())
    return found, text


_EMAIL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}\b")
_NAMES: Final = {
    name: number
    for number, name in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 1
    )
}
_ORDINAL: Final = (
    r"(?P<n>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\d{1,2}(?:st|nd|rd|th))"
)
_THING: Final = r"(?:one|ones|order|item|product|option|answer|entry|line|package|parcel|purchase)"
# After "the first", what is no thing of a list: "the first time", "the second floor".
_NO_THING: Final = (
    r"(?!\s*(?:time|day|week|month|year|name|thing|class|half|floor|hand|place|step|purchase|customer|delivery|person|"
    r"quarter|try|attempt|street|avenue|of\s+all)s?\b|-)"
)
_ORDINALS: Final = (
    re.compile(rf"\b{_ORDINAL}\s+(?:\w+\s+)?{_THING}\b", re.IGNORECASE),
    re.compile(rf"\bthe\s+{_ORDINAL}\b{_NO_THING}", re.IGNORECASE),
    re.compile(
        rf"^\W*(?:(?:no|yes|ok|and|what about|how about)\W+)?{_ORDINAL}(?:\W+please)?\W*$", re.IGNORECASE
    ),
    re.compile(r"(?:\b(?:number|option|no\.)\s*|(?<!\w)#)(?P<n>\d{1,2})(?![\w-])", re.IGNORECASE),
    re.compile(r"^\W*(?P<n>[1-9]|10)\W*$"),
    re.compile(
        r"(?P<last>\b(?:the\s+)?last\s+one\b|\b(?:the\s+)?latter\b)|(?P<first>\bthe\s+former\b)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?P<back>倒数)?第(?P<n>\d{1,2}|[一二两三四五六七八九十]{1,3})(?=[个单件份项条款样笔箱包瓶]|$|[，。？！\s呢吧])"
    ),
    re.compile(r"(?P<last>最后(?:的|那|这)?一?[个单件份项条款笔])"),
)
_OTHER: Final = re.compile(
    r"\b(?:the|my|an?)\s*other\s+(?:one|order|item|product|package|parcel)\b|\bother\s+(?:one|order)\b"
    r"|\b(?:a\s+)?different\s+(?:one|order)\b|\bnot\s+(?:that|this)\s+(?:one|order)\b|\bwrong\s+(?:one|order)\b"
    r"|另外?[一那]?[个单件笔]|另外(?:的)?(?:那|一)|别的(?:订单|那个|一个|单)|其他(?:的)?(?:订单|那个|一个|单)|不是[这那][个单件笔]|换[一那]?[个单](?!口味|地址)",
    re.IGNORECASE,
)


def _ordinals(text: str) -> Iterator[int]:
    found: dict[int, int] = {}
    for pattern in _ORDINALS:
        for match in pattern.finditer(text):
            if (number := _position(match.groupdict())) is not None:
                found.setdefault(match.start("n") if "n" in match.groupdict() else match.start(), number)
    return iter(number for _start, number in sorted(found.items()))


def _position(groups: dict[str, str | None]) -> int | None:
    if groups.get("last"):
        return -1
    if groups.get("first"):
        return 1
    written = (groups.get("n") or "").lower()
    try:
        number = _NAMES.get(written) or (
            int(re.sub(r"\D", "", written)) if written.isascii() else chinese_number(written)
        )
    except ValueError:
        return None
    if not number:
        return None
    return -number if groups.get("back") else number


_LONGEST: Final = 40  # characters after the yes or no
_YES: Final = re.compile(
    r"(?:yes|yeah|yep|yup|ya|y|sure(?:\s+thing)?|ok|okay|okey|please\s+do|go\s+ahead|do\s+it|"
    r"that(?:'s|\s+is)\s+(?:right|correct|it)|confirm(?:ed)?|of\s+course|absolutely|definitely|sounds\s+good|(?:correct|right|exactly)(?=$|[\s]*[.,!]))\b"
    r"|(?:是的?|对的?|好的?|行|可以|嗯+|没错|确认|确定|要的?|同意|没问题|当然)(?:[的啊呀吧哦呢嘛]*)(?=$|[\s，,。.！!、~～]|谢|请|麻烦|就这)",
    re.IGNORECASE,
)
_NO: Final = re.compile(
    r"(?:no|nope|nah|n)(?=$|\s*[,.!;:，。！]|\s+(?:thanks|thank|not|don't|dont|do\s+not|please|never|that|the\s+other|wait|"
    r"sorry|way|need)\b)|(?:don't|dont|do\s+not|not\s+(?:that|this|now|yet|really))\b"
    r"|(?:不是|不要|不用|不对|不行|不了|不|没有|别)(?:[的了啊呀吧哦]*)(?=$|[\s，,。.！!、]|谢|另|换|那个|这个|取消|我)",
    re.IGNORECASE,
)
_DOUBT: Final = re.compile(
    r"[?？]|\b(?:but|however|unless|if|wait|not|don't|dont|how|what|when|why|which|no)\b|但|不过|可是|如果|吗|怎么|多少|不|别",
    re.IGNORECASE,
)


def _says(word: re.Pattern[str], text: str) -> bool:
    text = text.strip(" .,!;:，。！；：、\"'")
    match = word.match(text)
    if match is None:
        return False
    rest = text[match.end() :]
    if word is _NO:
        return len(rest) <= 2 * _LONGEST and not re.search(r"[?？]|吗", rest)
    return len(rest) <= _LONGEST and not _DOUBT.search(rest)
