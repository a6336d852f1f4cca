"""Days and periods in a message, English and Chinese: ``yesterday``, ``last week``, ``3 March``, ``上周三``.

Rules where a text leaves it open: numbers with slashes are month first (``3/5`` is 5 March), as in the United
States, unless the language is ``en-gb`` or the first cannot be a month; with dots they are day first. A day
without a year is the last one, or one in the next 60 days. A weekday by itself is the last one, today
included; after ``this``, ``next``, ``by``, ``until`` it is the coming one. Weeks begin on Monday.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

SOON: Final = timedelta(days=60)
_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS: Final = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_ENGLISH: Final = {
    word: number
    for number, words in enumerate(
        [
            "zero",
            "a one an",
            "two couple",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
    for word in words.split()
}
_CHINESE: Final = {char: number for number, char in enumerate("零一二三四五六七八九十")} | {"两": 2, "〇": 0}
_CN_DAY: Final = {char: number for number, char in enumerate("一二三四五六")} | {"日": 6, "天": 6, "末": 5}

Period = tuple[date, date]  # the first and the last day, both included
Read = Callable[[re.Match[str], date, str], Period]


class Found(NamedTuple):
    """A period, and where in the text it was read."""

    first: date
    last: date
    start: int
    end: int


def find_dates(text: str, *, today: date, language: str = "en") -> list[Found]:
    """The days and periods of ``text``, in its order; impossible ones are left out."""
    found: list[Found] = []
    taken = bytearray(len(text))
    for pattern, read in _RULES:
        for match in pattern.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            try:
                period = read(match, today, language)
            except (ValueError, OverflowError):  # 31 February, the year 0, 10,000 years ago
                continue
            found.append(Found(*period, match.start(), match.end()))
            taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    return sorted(found, key=lambda one: one.start)


def chinese_number(text: str) -> int:
    """Digits or Chinese numerals up to 99: ``12``, ``十二``, ``三十一``, ``两``. ValueError for others."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _digit(text)
    return (_digit(tens) if tens else 1) * 10 + (_digit(ones) if ones else 0)


def _digit(text: str) -> int:
    if text not in _CHINESE:
        raise ValueError(text)
    return _CHINESE[text]


def _english_number(text: str) -> int:
    return int(text) if text.isdecimal() else _ENGLISH[text.lower().split()[-1]]


def _day(day: date) -> Period:
    return day, day


def _dated(day: int, month: int, year: str | None, today: date) -> Period:
    """A day of the year that is written, or of the year that its being recent gives."""
    if year:
        return _day(date(int(year) + (2000 if len(year) == 2 else 0), month, day))
    candidates = []
    for guess in (today.year + 1, today.year, today.year - 1, today.year - 2, today.year - 3):
        try:
            candidates.append(date(guess, month, day))
        except ValueError:  # 29 February
            continue
    recent = [one for one in candidates if one <= today + SOON]
    if not recent:
        raise ValueError(f"there is no day {day} in month {month}")
    return _day(recent[0])


def _week(today: date, weeks: int) -> Period:
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=weeks)
    return monday, monday + timedelta(days=6)


def _month(today: date, months: int) -> Period:
    index = today.year * 12 + today.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    following = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return first, following - timedelta(days=1)


def _year(today: date, years: int) -> Period:
    return date(today.year + years, 1, 1), date(today.year + years, 12, 31)


def _unit(written: str) -> str:
    """``day``, ``week``, ``month`` or ``year`` for any way to write it."""
    chinese = {
        "天": "day",
        "日": "day",
        "周": "week",
        "星": "week",
        "礼": "week",
        "月": "month",
        "年": "year",
    }
    return chinese.get(written.lstrip("个")[:1]) or written.lower().removesuffix("s")


def _whole(unit: str, shift: int, today: date) -> Period:
    """This (0), the last (-1) or the next (1) week, month or year."""
    return {"week": _week, "month": _month, "year": _year}[unit](today, shift)


def _shifted(today: date, unit: str, count: int) -> date:
    if unit in ("day", "week"):
        return today + timedelta(days=count * (7 if unit == "week" else 1))
    first, last = _month(today, count * (12 if unit == "year" else 1))
    return first.replace(day=min(today.day, last.day))


def _span(today: date, unit: str, count: int) -> Period:
    """The last (below 0) or next ``count`` units, today included."""
    other = _shifted(today, unit, count)
    return (other, today) if count < 0 else (today, other)


def _weekday(day: int, today: date, how: str) -> Period:
    """``last``: before today; ``next`` and ``coming``: after it; else the last one, today included."""
    if how in ("last", "past", "previous"):
        return _day(today - timedelta(days=(today.weekday() - day - 1) % 7 + 1))
    if how:
        return _day(today + timedelta(days=(day - today.weekday() - 1) % 7 + 1))
    return _day(today - timedelta(days=(today.weekday() - day) % 7))


def _numbers(match: re.Match[str], today: date, language: str) -> Period:
    first, second, year = int(match["a"]), int(match["b"]), match["y"]
    day_first = match["sep"] == "." or language == "en-gb"
    month, day = (second, first) if day_first else (first, second)
    if month > 12:
        month, day = day, month
    return _dated(day, month, year, today)


def _named(match: re.Match[str], today: date, _language: str) -> Period:
    month = _MONTHS.index(match["month"][:3].lower()) + 1
    return _dated(int(match["day"]), month, match["year"], today)


def _in_month(match: re.Match[str], today: date, _language: str) -> Period:
    month = _MONTHS.index(match["month"][:3].lower()) + 1
    year = match["year"]
    return _month(_dated(1, month, year, today)[0], 0)


def _days_from_now(days: int) -> Read:
    return lambda _match, today, _language: _day(today + timedelta(days=days))


def _ago(sign: int) -> Read:
    """ "3 days ago" is one day, "2 weeks ago" the day two weeks back; "in" likewise."""

    def read(match: re.Match[str], today: date, _language: str) -> Period:
        return _day(_shifted(today, _unit(match["unit"]), sign * _count(match)))

    return read


def _spanned(sign: int) -> Read:
    """ "the last 3 days": from then to today."""
    return lambda match, today, _language: _span(today, _unit(match["unit"]), sign * _count(match))


def _count(match: re.Match[str]) -> int:
    written = match["n"] or "1"
    return _english_number(written) if written.isascii() else chinese_number(written)


def _whole_unit(match: re.Match[str], today: date, _language: str) -> Period:
    """ "last week", "上个月": all of it."""
    return _whole(_unit(match["unit"]), _SHIFTS[match["how"].lower()], today)


def _weekend(match: re.Match[str], today: date, _language: str) -> Period:
    monday, sunday = _week(today, _SHIFTS[match["how"].lower()])
    return monday + timedelta(days=5), sunday


def _english_weekday(match: re.Match[str], today: date, _language: str) -> Period:
    return _weekday(_WEEKDAYS.index(match["weekday"][:3].lower()), today, (match["how"] or "").lower())


def _chinese_weekday(match: re.Match[str], today: date, _language: str) -> Period:
    day, how = _CN_DAY[match["weekday"]], match["how"] or ""
    monday, sunday = _week(today, _SHIFTS.get(how, 0))
    if match["weekday"] == "末":
        return monday + timedelta(days=5), sunday
    return _day(monday + timedelta(days=day)) if how else _weekday(day, today, "")


def _chinese_date(match: re.Match[str], today: date, _language: str) -> Period:
    month, day = chinese_number(match["a"]), chinese_number(match["b"])
    year = str(today.year + _CN_YEARS[match["when"]]) if match["when"] else match["y"]
    return _dated(day, month, year, today)


def _chinese_month(match: re.Match[str], today: date, _language: str) -> Period:
    return _month(_dated(1, chinese_number(match["a"]), match["y"], today)[0], 0)


def _day_of_month(match: re.Match[str], today: date, _language: str) -> Period:
    """ "5号": of this month, or of the last one while it is still far off."""
    day = chinese_number(match["b"])
    here = today.replace(day=day) if day <= _month(today, 0)[1].day else None
    if here is not None and here - today <= timedelta(days=15):
        return _day(here)
    return _day(_month(today, -1)[0].replace(day=day))


_SHIFTS: Final = {
    "last": -1,
    "past": -1,
    "previous": -1,
    "this": 0,
    "next": 1,
    "上上": -2,
    "上": -1,
    "这": 0,
    "本": 0,
    "下": 1,
    "下下": 2,
}
_CN_YEARS: Final = {"前年": -2, "去年": -1, "今年": 0, "明年": 1}
_PART_OF_DAY: Final = r"(?:晚上|上午|下午|早上|中午|晚|早)?"
_RELATIVE: Final = (
    (r"\b(?:the\s+)?day\s+before\s+yesterday\b", -2),
    (r"\b(?:the\s+)?day\s+after\s+tomorrow\b", 2),
    (r"\byesterday\b|\blast\s+night\b|昨[天日]" + _PART_OF_DAY + "|昨[晚早]", -1),
    (
        r"\btoday\b|\btonight\b|\bthis\s+(?:morning|afternoon|evening)\b|今[天日]"
        + _PART_OF_DAY
        + "|今[晚早]",
        0,
    ),
    (r"\btomorrow\b|明[天日]" + _PART_OF_DAY + "|明[晚早]", 1),
    (r"大前天", -3),
    (r"大后天", 3),
    (r"前[天晚]" + _PART_OF_DAY, -2),
    (r"后天" + _PART_OF_DAY, 2),
)
_MONTH: Final = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR: Final = r"(?:,?\s*(?P<year>(?:19|20)\d\d))?"
_COUNT: Final = (
    r"(?P<n>\d{1,3}|(?:an?\s+)?couple|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
)
_UNITS: Final = r"(?P<unit>days?|weeks?|months?|years?)"
_NAMED_DAY: Final = (
    r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|"
    r"sat(?:urday)?|sun(?:day)?)"
)
_CN: Final = r"[0-9]{1,2}|[一二两三四五六七八九十]{1,3}"
_CN_UNIT: Final = r"(?P<unit>天|日|周|个?星期|个?礼拜|个?月|年)"


def _rules() -> Iterator[tuple[str, Read]]:
    """The rules, the longer reading first: what one has taken no other sees."""
    iso = r"(?<![\d/.-])(?P<y>(?:19|20)\d\d)(?P<sep>[-/.])(?P<a>\d{1,2})(?P=sep)(?P<b>\d{1,2})(?![\d/.-]?\d)"
    yield iso, lambda m, today, _: _dated(int(m["b"]), int(m["a"]), m["y"], today)
    chinese = rf"(?:(?P<y>(?:19|20)?\d\d)年|(?P<when>去年|今年|明年))?(?P<a>{_CN})月(?P<b>{_CN})[日号]"
    yield chinese, _chinese_date
    numbers = (
        r"(?<![\d/.-])(?P<a>\d{1,2})(?P<sep>[/.])(?P<b>\d{1,2})(?P=sep)(?P<y>(?:(?:19|20)\d\d|\d\d))(?![\d/])"
    )
    yield numbers, _numbers
    before = r"\b(?:on|from|since|by|until|till|before|after|dated|of)\s+"
    yield before + r"(?P<a>\d{1,2})(?P<sep>/)(?P<b>\d{1,2})(?P<y>)(?![\d/%])", _numbers
    yield rf"\b{_DAY}\s*(?:of\s+)?{_MONTH}\b\.?{_YEAR}", _named
    yield rf"\b{_MONTH}\.?\s*(?:the\s+)?{_DAY}\b(?!:){_YEAR}", _named
    for phrase, days in _RELATIVE:
        yield phrase, _days_from_now(days)
    yield rf"\b{_COUNT}\s+(?:of\s+)?{_UNITS}\s+ago\b", _ago(-1)
    yield rf"\b(?:in|within)\s+(?:the\s+next\s+)?{_COUNT}\s+{_UNITS}\b", _ago(1)
    yield rf"\b(?:(?:the|these)\s+)?(?:last|past|previous)\s+{_COUNT}\s+{_UNITS}\b", _spanned(-1)
    yield rf"\b(?:the\s+)?next\s+{_COUNT}\s+{_UNITS}\b", _spanned(1)
    yield r"\b(?P<how>last|past|previous|this|next)\s+(?P<unit>week|month|year)\b(?:end\b)?", _whole_unit
    yield r"\b(?P<how>last|this|next)\s+weekend\b", _weekend
    how = r"\b(?:(?P<how>last|past|previous|this|next|coming|by|until|till)\s+)?"
    yield rf"{how}(?P<weekday>(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b(?!s)", _english_weekday
    yield rf"\b(?P<how>last|this|next)\s+{_NAMED_DAY}\b", _english_weekday
    yield rf"\b(?:in|since|during|last|this|until|of)\s+{_MONTH}\b{_YEAR}", _in_month
    yield (
        r"(?P<how>上上|上|下下|下|这|本)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末])(?!内|之内)",
        _chinese_weekday,
    )
    yield r"(?P<how>上上|上|下|这|本)(?:一)?个?(?P<unit>周|星期|礼拜|月)(?!\d)", _whole_unit
    yield "前年|去年|今年|明年", lambda m, today, _: _year(today, _CN_YEARS[m[0]])
    yield rf"(?P<n>{_CN}){_CN_UNIT}(?:之|以)?前", _ago(-1)
    yield rf"(?P<n>{_CN}){_CN_UNIT}(?:之|以)?[后内]", _ago(1)
    yield rf"(?:最近|过去|近)(?:的|这)?(?P<n>{_CN})?(?P<unit>天|日|周|个?星期|个?礼拜|个?月|年)", _spanned(-1)
    yield rf"(?:(?P<y>(?:19|20)\d\d)年)?(?<![0-9])(?P<a>{_CN})月份?(?![内前后])", _chinese_month
    yield rf"(?<![0-9月第.])(?P<b>{_CN})号(?![码线楼店机])", _day_of_month


_RULES: Final = [(re.compile(pattern, re.IGNORECASE), read) for pattern, read in _rules()]
