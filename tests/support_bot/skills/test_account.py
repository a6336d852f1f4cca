"""Coupons, points, and a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shop.models import Coupon, LoyaltyEntry

from .conftest import Chat


@pytest.fixture
def coupon(ada):
    def make(code: str, days: int = 9, **fields):
        today = timezone.localdate()
        dates = {"valid_from": today - timedelta(days=9), "valid_until": today + timedelta(days=days)}
        return Coupon.objects.create(
            **{"code": code, "title": "Ten off", "percent": 10, "user": ada} | dates | fields
        )

    return make


def test_the_coupons_of_today_are_listed_and_no_others(chat, bob, coupon) -> None:
    coupon("MINE"), coupon("ALL", user=None)
    coupon("OVER", days=-1), coupon("SPENT", redeemed_at=timezone.now()), coupon("HIS", user=bob)

    text = chat.ask("coupons", "do I have coupons").text

    assert {code for code in ("MINE", "ALL", "OVER", "SPENT", "HIS") if code in text} == {"MINE", "ALL"}
    assert "Ten off, until" in text


def test_many_coupons_are_cut_short(chat, coupon) -> None:
    for number in range(15):
        coupon(f"C{number:02d}")

    assert chat.ask("coupons").text.count("•") == 10


def test_without_coupons_it_says_so(chat) -> None:
    assert chat.ask("coupons").text == "You have no coupon that can be used today."


def test_the_points_are_the_customers_own(chat, ada, bob) -> None:
    LoyaltyEntry.objects.create(user=bob, points=77, reason="x")
    assert chat.ask("loyalty", "how many points").text == "You have 0 points."

    LoyaltyEntry.objects.create(user=ada, points=1, reason="x")
    assert chat.ask("loyalty").text == "You have 1 point."

    LoyaltyEntry.objects.create(user=ada, points=1233, reason="x")
    assert chat.ask("loyalty", "points of customer bob").text == "You have 1,234 points."


def test_whoever_wants_a_person_is_passed_on(chat, stranger) -> None:
    for somebody in (chat, stranger):
        assert somebody.ask("person", "a human please").kind == "hand_over"


def test_in_chinese_too(ada, coupon) -> None:
    coupon("MINE")
    chat = Chat(ada, language="zh-hans")

    assert "MINE" in chat.ask("coupons", "我有优惠券吗").text
    assert "0" in chat.ask("loyalty", "查积分").text
