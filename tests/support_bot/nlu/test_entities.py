"""What a message names, in English and Chinese, with the typing errors people make."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.nlu.entities import find_entities

NOW = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)  # a Thursday
SHOP = r"(?<![A-Za-z0-9])(?i:CJ-?\d{6,15}|W-?[0-9A-F]{12})(?![A-Za-z0-9])"


def entities(text: str, *, language: str = "en", order_pattern: str | None = SHOP, now: datetime = NOW):
    return find_entities(text, language=language, order_pattern=order_pattern, now=now)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("where is CJ-123456789?", "CJ-123456789"),
        ("where is cj-123456789", "CJ-123456789"),
        ("my order cj123456789 please", "CJ123456789"),
        ("CJ 123456789", "CJ-123456789"),
        ("CJ 123 456 789", "CJ-123456789"),
        ("CJ–123456789", "CJ-123456789"),
        ("cj_123456789", "CJ-123456789"),
        ("CJ - 123456789", "CJ-123456789"),
        ("CJ.123456789 2 bags are missing", "CJ-123456789"),
        ("订单ＣＪ－１２３４５６７８９到哪了", "CJ-123456789"),
        ("我的w-4f1a2b3c4d5e到哪里了", "W-4F1A2B3C4D5E"),
        ("w 4f1a 2b3c 4d5e", "W-4F1A2B3C4D5E"),
        ("W4F1A2B3C4D5E", "W4F1A2B3C4D5E"),
    ],
)
def test_order_numbers_are_found_however_they_are_typed(text, number):
    assert entities(text).order_numbers == (number,)


def test_several_order_numbers_come_in_the_order_of_the_text_and_once():
    found = entities("is cj 123456789 with W-4F1A2B3C4D5E or CJ-123456789?")

    assert found.order_numbers == ("CJ-123456789", "W-4F1A2B3C4D5E")


@pytest.mark.parametrize(
    "text",
    [
        "call 555 123 4567",
        "CJ-12",
        "we need 12 of them",
        "XCJ-123456789",
        "card 4111 1111 1111 1111",
        "CJ",
        "",
    ],
)
def test_what_only_resembles_an_order_number_is_none(text):
    assert entities(text).order_numbers == ()


@pytest.mark.parametrize(
    ("pattern", "text", "number"),
    [
        (r"\b\d{3}-\d{7}-\d{7}\b", "about 112 1234567 1234567", "112-1234567-1234567"),
        (r"\bW-\d{6}\b", "w123456", "W-123456"),
        (r"\b\d{4,6}\b", "order 1042", "1042"),
        (r"ord_[a-z0-9]{6}", "ORD_A1B2C3", "ord_a1b2c3"),
    ],
)
def test_any_shops_pattern_will_do(pattern, text, number):
    assert entities(text, order_pattern=pattern).order_numbers == (number,)


def test_without_a_pattern_there_are_none():
    assert entities("CJ-123456789", order_pattern=None).order_numbers == ()


def day(month: int, number: int, year: int = 2026) -> tuple[date, date]:
    return date(year, month, number), date(year, month, number)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("I ordered yesterday", day(3, 11)),
        ("the day before yesterday", day(3, 10)),
        ("Will it come TODAY?", day(3, 12)),
        ("tomorrow morning", day(3, 13)),
        ("last night", day(3, 11)),
        ("ordered 3 days ago", day(3, 9)),
        ("two weeks ago", day(2, 26)),
        ("a month ago", day(2, 12)),
        ("in 2 days", day(3, 14)),
        ("last week", (date(2026, 3, 2), date(2026, 3, 8))),
        ("this week", (date(2026, 3, 9), date(2026, 3, 15))),
        ("next month", (date(2026, 4, 1), date(2026, 4, 30))),
        ("last year", (date(2025, 1, 1), date(2025, 12, 31))),
        ("the last 7 days", (date(2026, 3, 5), date(2026, 3, 12))),
        ("last weekend", (date(2026, 3, 7), date(2026, 3, 8))),
        ("on Monday", day(3, 9)),
        ("on Thursday", day(3, 12)),
        ("last Thursday", day(3, 5)),
        ("by Friday", day(3, 13)),
        ("next Thursday", day(3, 19)),
        ("3 March", day(3, 3)),
        ("the 3rd of March", day(3, 3)),
        ("March 3rd, 2025", day(3, 3, 2025)),
        ("Dec. 24", day(12, 24, 2025)),
        ("May 1", day(5, 1)),
        ("in January", (date(2026, 1, 1), date(2026, 1, 31))),
        ("2026-03-05", day(3, 5)),
        ("2026/3/5", day(3, 5)),
        ("03/05/2026", day(3, 5)),
        ("on 3/5", day(3, 5)),
        ("25/12/2025", day(12, 25, 2025)),
        ("5.3.2026", day(3, 5)),
        ("29 February", day(2, 29, 2024)),
        ("昨天下的单", day(3, 11)),
        ("前天晚上买的", day(3, 10)),
        ("大前天", day(3, 9)),
        ("今天能到吗", day(3, 12)),
        ("后天", day(3, 14)),
        ("上周", (date(2026, 3, 2), date(2026, 3, 8))),
        ("上个星期", (date(2026, 3, 2), date(2026, 3, 8))),
        ("上周三", day(3, 4)),
        ("下周一", day(3, 16)),
        ("这周六", day(3, 14)),
        ("周一买的", day(3, 9)),
        ("上周末", (date(2026, 3, 7), date(2026, 3, 8))),
        ("上个月", (date(2026, 2, 1), date(2026, 2, 28))),
        ("去年", (date(2025, 1, 1), date(2025, 12, 31))),
        ("三天前", day(3, 9)),
        ("两个星期前", day(2, 26)),
        ("最近三天", (date(2026, 3, 9), date(2026, 3, 12))),
        ("3月5日", day(3, 5)),
        ("三月五号", day(3, 5)),
        ("2025年12月24日", day(12, 24, 2025)),
        ("去年十二月二十四号", day(12, 24, 2025)),
        ("五号下的单", day(3, 5)),
        ("28号的订单", day(2, 28)),
        ("二月份", (date(2026, 2, 1), date(2026, 2, 28))),
    ],
)
def test_days_and_periods(text, period):
    assert entities(text).dates == (period,)


def test_slashes_are_month_first_but_in_britain():
    assert entities("03/05/2026").dates == (day(3, 5),)
    assert entities("03/05/2026", language="en-gb").dates == (day(5, 3),)


def test_two_dates_come_in_the_order_of_the_text():
    assert entities("ordered on March 3, promised for 3/9/2026").dates == (day(3, 3), day(3, 9))


@pytest.mark.parametrize(
    "text",
    [
        "31 February",
        "2026-13-45",
        "open 24/7",
        "3/4 of it",
        "may I return it?",
        "the march to the store",
        "Mondays",
        "a sun hat",
        "5号楼",
        "订单号",
        "99999999 days ago",
        "version 1.2.3",
        "0/0/0000",
    ],
)
def test_what_is_no_day_is_none(text):
    assert entities(text).dates == ()


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("I paid $12.50", "12.50", "USD"),
        ("$1,234.5 too much", "1234.5", "USD"),
        ("12 dollars", "12", "USD"),
        ("12.99 USD", "12.99", "USD"),
        ("€5", "5", "EUR"),
        ("5 euros", "5", "EUR"),
        ("£3.20", "3.20", "GBP"),
        ("少了20块钱", "20", ""),
        ("三十块", "30", ""),
        ("12美元", "12", "USD"),
    ],
)
def test_money(text, value, currency):
    assert entities(text).amounts == ((Decimal(value), currency),)


def test_the_yen_sign_is_yuan_in_chinese():
    assert entities("¥12", language="zh-hans").amounts == ((Decimal(12), "CNY"),)
    assert entities("¥12", language="en").amounts == ((Decimal(12), "JPY"),)


def test_addresses_for_mail():
    found = entities("write to Ann.Lee+shop@example.co.uk or ann@example.com, not to @home or a@b")

    assert found.emails == ("Ann.Lee+shop@example.co.uk", "ann@example.com")


@pytest.mark.parametrize(
    ("text", "ordinals"),
    [
        ("what about the second one?", (2,)),
        ("the first order", (1,)),
        ("2nd", (2,)),
        ("the 3rd please", (3,)),
        ("third", (3,)),
        ("number 2", (2,)),
        ("#3", (3,)),
        ("2", (2,)),
        ("the last one", (-1,)),
        ("the second and the third one", (2, 3)),
        ("第二个", (2,)),
        ("第2单到哪了", (2,)),
        ("最后一个", (-1,)),
        ("倒数第二个", (-2,)),
        ("那第三个呢", (3,)),
    ],
)
def test_which_of_a_list(text, ordinals):
    assert entities(text).ordinals == ordinals


@pytest.mark.parametrize(
    "text",
    [
        "wait a second",
        "for the first time",
        "my first name is wrong",
        "the second-hand book",
        "at first I thought so",
        "March 2nd",
        "42 bottles",
        "CJ-123456789",
        "第一次买",
        "30 seconds",
    ],
)
def test_what_points_at_nothing(text):
    assert entities(text).ordinals == ()


@pytest.mark.parametrize(
    "text",
    [
        "no, the other order",
        "the other one",
        "not that one",
        "a different order",
        "另一个",
        "不是这个",
        "另外那单",
    ],
)
def test_the_other_one(text):
    assert entities(text).other


@pytest.mark.parametrize("text", ["on the other hand", "any other questions", "其他问题", "the order"])
def test_another_other(text):
    assert not entities(text).other


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes!",
        "yes please",
        "Yeah, cancel it",
        "ok",
        "sure thing",
        "go ahead",
        "好的",
        "是的，取消吧",
        "嗯",
        "可以",
        "确认",
        "好的谢谢",
    ],
)
def test_a_yes(text):
    found = entities(text)

    assert (found.yes, found.no) == (True, False)


@pytest.mark.parametrize(
    "text", ["no", "No.", "nope", "no thanks", "no, the other order", "don't", "不要", "不是", "不用了，谢谢"]
)
def test_a_no(text):
    found = entities(text)

    assert (found.yes, found.no) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        "yes, but how much is it?",
        "ok wait",
        "yes if it is free",
        "yesterday",
        "is it ok?",
        "no order has arrived",
        "nobody came",
        "可以退货吗",
        "好的，不过先别取消",
        "对了，运费多少",
        "不锈钢锅有货吗",
        "是不是发货了",
        "right now",
        "sure it is late, what now?",
        "",
    ],
)
def test_neither_yes_nor_no(text):
    found = entities(text)

    assert (found.yes, found.no) == (False, False)


@given(st.text(max_size=400))
def test_any_text_is_read(text):
    entities(text)
    entities(text, language="zh-hans", order_pattern=r"\d+")


@pytest.mark.parametrize(
    "text", ["1 " * 5_000, "a@" * 5_000, "第" * 5_000, "W-" * 5_000, "$1," * 5_000, "the last " * 2_000]
)
def test_long_repetitions_are_read(text):
    entities(text)


def test_of_each_kind_at_most_ten_are_kept():
    found = entities(
        " ".join(f"CJ-{number:09} $1.{number}0 2026-03-{number + 1:02}" for number in range(1, 25))
    )

    assert (len(found.order_numbers), len(found.dates)) == (10, 10)
