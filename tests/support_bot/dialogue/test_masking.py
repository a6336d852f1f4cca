"""What is personal is masked before it is stored; what a conversation needs is not."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.support import ShopSupport
from support_bot.dialogue.masking import MAX_LENGTH, clean, email_in, mask, passes_luhn

PATTERN = ShopSupport.order_pattern

# Published test numbers of the card networks; none is anybody's.
CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "5555 5555 5555 4444",
    "378282246310005",
    "3782 822463 10005",
    "6011111111111117",
    "30569309025904",
    "3530 1113 3330 0000",
    "6212345678901232",
    "4222222222222",
]
PHONES = [
    "+1 212 555 0199",
    "+1 (212) 555-0199",
    "+442079460958",
    "+44 20 7946 0958",
    "+86 138 0013 8000",
    "+49 (0)30 1234567",
    "0049 30 12345678",
    "(212) 555-0199",
    "212-555-0199",
    "212.555.0199",
    "1-212-555-0199",
    "2125550199",
    "13800138000",
    "138 0013 8000",
    "139-1234-5678",
    "010-12345678",
]
EMAILS = [
    "ann@example.com",
    "a.b+c@mail.example.co.uk",
    "李雷@example.cn",
    "ann＠example.com",
    "x_y@t-online.de",
]


def domains_of_letters() -> st.SearchStrategy[str]:
    return st.text(string.ascii_lowercase, min_size=1, max_size=10).map(lambda name: f"{name}.com")


@pytest.mark.parametrize("card", CARDS)
def test_card_numbers_are_masked(card: str) -> None:
    assert mask(f"my card is {card}, thanks", order_pattern=PATTERN) == "my card is [card], thanks"
    assert mask(f"我的卡号是{card}，谢谢", order_pattern=PATTERN) == "我的卡号是[card]，谢谢"


@pytest.mark.parametrize("phone", PHONES)
def test_phone_numbers_are_masked(phone: str) -> None:
    assert mask(f"call {phone} please", order_pattern=PATTERN) == "call [phone] please"
    assert mask(f"call {phone}.", order_pattern=PATTERN) == "call [phone]."
    assert mask(f"Tel.{phone},", order_pattern=PATTERN) == "Tel.[phone],"
    assert mask(f"phone:{phone}", order_pattern=PATTERN) == "phone:[phone]"


@pytest.mark.parametrize("email", EMAILS)
def test_email_addresses_are_masked(email: str) -> None:
    assert mask(f"write to {email}, please") == "write to [e-mail], please"
    assert "example" not in mask(f"我的邮箱是 {email}。") or "[e-mail]" in mask(f"我的邮箱是 {email}。")


def test_several_at_once_are_all_masked() -> None:
    said = "I am ann@example.com, 212-555-0199 or 13800138000, card 4111 1111 1111 1111, order W-4F1A2B3C4D5E"

    masked = mask(said, order_pattern=PATTERN)

    assert masked == "I am [e-mail], [phone] or [phone], card [card], order W-4F1A2B3C4D5E"


def test_a_card_number_behind_another_number_is_found() -> None:
    assert mask("order 1042 4111 1111 1111 1111") == "order 1042 [card]"


@pytest.mark.parametrize(
    "said",
    [
        "CJ31198570044 and CJ-123456789",
        "w-4f1a2b3c4d5e",
        "W4F1A2B3C4D5E is late",
        "it was $1,234.56 on 2026-11-24 at 10:30",
        "24.11.2026, 11/24/2026, 2026年11月24日",
        "20261124 and 2026-11-24 10:30:00",
        "3 x 2.50 = 7.50 USD, 12345 points, postcode 12345-6789",
        "$2125550199 or 2125550199 dollars, 1234567890123456789 things",
        "timestamps 1700000000000 and 1764035431",
        "1042",
        "order 100042",
        "size 10 x 20 x 30, 50%, 1/2",
        "meet me @ noon",
    ],
)
def test_order_numbers_prices_and_dates_stay(said: str) -> None:
    assert mask(said, order_pattern=PATTERN) == said


def test_order_numbers_of_bare_digits_stay_but_a_payment_card_does_not() -> None:
    digits = r"\b\d{10,16}\b"

    assert mask("where is 2125550199?", order_pattern=digits) == "where is 2125550199?"
    assert mask("where is 13800138000?", order_pattern=digits) == "where is 13800138000?"
    assert mask("card 4111111111111111", order_pattern=digits) == "card [card]"


@given(
    st.one_of(
        st.from_regex(r"CJ-?[0-9]{6,15}", fullmatch=True), st.from_regex(r"W-[0-9A-F]{12}", fullmatch=True)
    )
)
def test_no_order_number_of_the_shop_is_ever_masked(number: str) -> None:
    assert mask(f"where is {number}?", order_pattern=PATTERN) == f"where is {number}?"
    assert mask(number.lower(), order_pattern=PATTERN) == number.lower()


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)), st.integers(0, 10**7))
def test_no_date_and_no_price_is_ever_masked(day: date, cents: int) -> None:
    price = f"${cents / 100:,.2f}"
    shapes = ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%Y年%m月%d日")
    for shape in shapes:
        said = f"paid {price} on {day.strftime(shape)} for it"
        assert mask(said, order_pattern=PATTERN) == said


@given(
    st.text(string.ascii_letters + string.digits + "._+-", min_size=1, max_size=20).filter(
        lambda name: name[0].isalnum() and name[-1].isalnum()
    ),
    domains_of_letters(),
)
def test_every_email_address_is_masked(name: str, domain: str) -> None:
    assert "@" not in mask(f"write to {name}@{domain} please", order_pattern=PATTERN)


@given(st.integers(10**14, 10**15 - 1), st.sampled_from(["", " ", "-"]))
def test_every_card_number_is_masked_however_it_is_grouped(number: int, gap: str) -> None:
    first = f"4{str(number)[1:]}"
    check = next(digit for digit in string.digits if passes_luhn(first + digit))
    card = gap.join((first + check)[at : at + 4] for at in range(0, 16, 4))

    assert mask(f"card {card} ok", order_pattern=PATTERN) == "card [card] ok"


@given(
    st.sampled_from("3456789"),
    st.text(string.digits, min_size=9, max_size=9),
    st.sampled_from(["", " ", "-"]),
)
def test_every_chinese_mobile_is_masked(second: str, rest: str, gap: str) -> None:
    number = f"1{second}{rest}"
    shown = gap.join((number[:3], number[3:7], number[7:]))

    assert mask(f"打{shown}给我", order_pattern=PATTERN) == "打[phone]给我"


@given(st.text(max_size=400))
def test_masking_twice_changes_nothing_more_and_never_raises(text: str) -> None:
    once = mask(clean(text), order_pattern=PATTERN)

    assert mask(once, order_pattern=PATTERN) == once


def test_a_long_row_of_digits_or_of_at_signs_takes_no_time() -> None:
    for text in (
        "1" * MAX_LENGTH,
        "@" * MAX_LENGTH,
        "a" * MAX_LENGTH,
        "1 " * 1000,
        "a@" * 1000,
        "+1-" * 600,
        "a." * 1000,
    ):
        assert mask(clean(text), order_pattern=PATTERN)


@given(st.text())
def test_what_is_stored_has_no_control_characters_surrogates_or_direction_overrides(text: str) -> None:
    kept = clean(text)

    assert len(kept) <= MAX_LENGTH
    assert not set(kept) & {"\0", "\x1b", "\u202e", "\u2066", "\ufeff"}
    kept.encode()


def test_an_address_to_answer_to_is_taken_only_where_it_is_one() -> None:
    assert email_in("my mail is ann@example.com.") == "ann@example.com"
    assert email_in("meet me @ noon") == ""
    assert email_in("") == ""
